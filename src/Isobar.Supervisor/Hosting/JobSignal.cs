namespace Isobar.Supervisor.Hosting;

/// <summary>Signal numbers of x86-64 and arm64, and kill(2) as one call.</summary>
internal static class JobSignal
{
    public const int HangUp = 1;
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends to a process, or to a process group when negative; false when there is none.</summary>
    public static bool Send(int pid, int signal) => Isobar.Linux.Processes.SignalSender.Send(pid, signal);
}
