using Isobar.Protocol.Jobs;

namespace Isobar.Protocol.Tests.Jobs;

/// <summary>A job of root's that nobody watches; what a test is about it changes.</summary>
internal static class TestJob
{
    public static JobSpec Spec { get; } = new()
    {
        Command = [[.. "true"u8]],
        Environment = [],
        Directory = "/",
        Umask = 0,
        Uid = 0,
        Gid = 0,
        Groups = [],
        Limits = [],
        IgnoredSignals = [],
        Input = new StdioSpec(StdioKind.Null),
        Output = new StdioSpec(StdioKind.Pipe),
        Error = new StdioSpec(StdioKind.Pipe),
        Detached = true,
    };
}
