namespace Isobar.Linux.Paging.Tracing;

/// <summary>What waitpid(2) tells of a traced thread.</summary>
internal static class WaitStatus
{
    public static bool IsStop(int status) => (status & 0xff) == 0x7f;

    /// <summary>It stands where a signal is about to be delivered, which it gets if it is told so when it goes on.</summary>
    public static bool IsAtSignal(int status) => IsStop(status) && status >> 16 == 0 && (SignalOf(status) & TraceNative.SystemCallMark) == 0;

    public static int SignalOf(int status) => (status >> 8) & 0xff;
}
