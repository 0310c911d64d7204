using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.Launching;

/// <summary>Opening a file of the job with exactly the flags that the user's shell had opened it with.</summary>
internal static class KernelOpen
{
    // O_CREAT, O_EXCL, O_TRUNC had their effect when the shell opened the file.
    private const int OnceOnly = 0x40 | 0x80 | 0x200;

    public static SafeFileHandle Open(string path, int flags) => FileDescriptor.Open(path, flags & ~OnceOnly);
}
