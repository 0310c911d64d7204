using System.CommandLine;

namespace Isobar.Cli.Sim;

/// <summary><c>isobar sim</c>: what would another policy have done on my cluster?</summary>
public static class SimCommand
{
    public static Command Create() => new("sim", "Run the balancing policies on a simulated cluster")
    {
        SimRunCommand.Create(),
        SimCompareCommand.Create(),
        SimSweepCommand.Create(),
        SimRecordCommand.Create(),
        SimListCommand.Create(),
    };
}
