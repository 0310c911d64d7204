namespace Isobar.Cli.Jobs;

/// <summary>The user of this command.</summary>
internal static class Self
{
    public static uint Uid { get; } = Isobar.Linux.Processes.ProcFs.Status(Environment.ProcessId)?.RealUser ?? 0;
}
