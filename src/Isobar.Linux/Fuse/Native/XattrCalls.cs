using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Native;

/// <summary>Extended attributes. By path, since an O_PATH descriptor is refused by the f-variants (xattr(7)).</summary>
internal static partial class XattrCalls
{
    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "getxattr", SetLastError = true)]
    internal static partial nint Get(in byte path, in byte name, ref byte value, nint size);

    [LibraryImport(C, EntryPoint = "listxattr", SetLastError = true)]
    internal static partial nint List(in byte path, ref byte list, nint size);

    [LibraryImport(C, EntryPoint = "setxattr", SetLastError = true)]
    internal static partial int Set(in byte path, in byte name, in byte value, nint size, int flags);

    [LibraryImport(C, EntryPoint = "removexattr", SetLastError = true)]
    internal static partial int Remove(in byte path, in byte name);
}
