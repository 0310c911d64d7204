using System.Runtime.InteropServices;

namespace Isobar.Linux.Tests.Processes;

internal static partial class LibCProbe
{
    /// <summary>dup(2): without close-on-exec, which nothing of ours makes.</summary>
    [LibraryImport("libc.so.6", EntryPoint = "dup")]
    public static partial int Dup(int fd);

    /// <summary>unlockpt(3): the slave of this master may be opened.</summary>
    [LibraryImport("libc.so.6", EntryPoint = "unlockpt")]
    public static partial int UnlockTerminal(int master);

    /// <summary>pidfd_getfd(2).</summary>
    public static int GetDescriptorOf(int pidFd, int fd) => (int)SystemCall(438, pidFd, fd, 0);

    [LibraryImport("libc.so.6", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third);
}
