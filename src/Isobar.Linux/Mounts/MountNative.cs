using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Mounts;

internal static partial class MountNative
{
    public const ulong NoSetuid = 2;
    public const ulong NoDevices = 4;
    public const ulong Bind = 4096;
    public const ulong Recursive = 16384;
    public const ulong Slave = 1 << 19;
    public const int Detach = 2;

    [LibraryImport(LibC.Name, EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string source, string target, string? type, ulong flags, string? data);

    [LibraryImport(LibC.Name, EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);
}
