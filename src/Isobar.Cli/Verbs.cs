using System.CommandLine;
using Isobar.Cli.Balance;
using Isobar.Cli.Cluster;
using Isobar.Cli.Doctor;
using Isobar.Cli.Jobs;
using Isobar.Cli.Nodes;
using Isobar.Cli.Sandbox.Commands;
using Isobar.Cli.Sim;
using Isobar.Cli.Top;

namespace Isobar.Cli;

/// <summary>What isobar can do, a line each.</summary>
internal static class Verbs
{
    internal static readonly (string Name, Func<Command> Create)[] All =
    [
        ("cluster", ClusterCommand.Create),
        ("nodes", NodesCommand.Create),
        ("run", RunCommand.Create),
        ("ps", PsCommand.Create),
        ("kill", SignalCommands.CreateKill),
        ("stop", SignalCommands.CreateStop),
        ("cont", SignalCommands.CreateContinue),
        ("wait", WaitCommand.Create),
        ("logs", LogsCommand.Create),
        ("migrate", MigrateCommand.Create),
        ("moves", MovesListing.Create),
        ("why", WhyCommand.Create),
        ("top", TopCommand.Create),
        ("node", NodeCommand.Create),
        ("owner", OwnerCommand.Create),
        ("config", ConfigCommand.Create),
        ("sandbox", SandboxCommand.Create),
        ("doctor", DoctorCommand.Create),
        ("sim", SimCommand.Create),
    ];

    /// <summary>Only the verb that the command line begins with, if it does: making all of them would take as long as a small call to the daemon.</summary>
    public static IEnumerable<Command> For(string[] arguments)
    {
        var first = arguments is [var word, ..] ? Array.FindIndex(All, verb => verb.Name == word) : -1;
        return first >= 0 ? [All[first].Create()] : All.Select(verb => verb.Create());
    }
}
