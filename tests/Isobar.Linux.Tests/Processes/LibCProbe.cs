using System.Runtime.InteropServices;

namespace Isobar.Linux.Tests.Processes;

internal static partial class LibCProbe
{
    /// <summary>dup(2): without close-on-exec, which nothing of ours makes.</summary>
    [LibraryImport("libc.so.6", EntryPoint = "dup")]
    public static partial int Dup(int fd);
}
