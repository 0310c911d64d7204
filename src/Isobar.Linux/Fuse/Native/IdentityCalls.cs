using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Native;

/// <summary>
/// Credentials of one thread. The C library's own wrappers change every thread of the process (nptl(7)); the raw calls change the
/// calling one only, which is what a process with users' worker threads needs.
/// </summary>
internal static partial class IdentityCalls
{
    private const string C = "libc";
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static nint SetGroups => IsArm ? 159 : 116;

    public static nint SetResUid => IsArm ? 147 : 117;

    public static nint SetResGid => IsArm ? 149 : 119;

    public static nint SetFsUid => IsArm ? 151 : 122;

    public static nint SetFsGid => IsArm ? 152 : 123;

    public static nint FaccessAt2 => 439;

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint Raw(nint number, nint a, nint b, nint c);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint Raw(nint number, nint count, in uint list);

    [LibraryImport(C, EntryPoint = "unshare", SetLastError = true)]
    internal static partial int Unshare(int flags);

    [LibraryImport(C, EntryPoint = "umask")]
    internal static partial uint Umask(uint mask);

    [LibraryImport(C, EntryPoint = "prctl", SetLastError = true)]
    internal static partial int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport(C, EntryPoint = "geteuid")]
    internal static partial uint EffectiveUid();

    [LibraryImport(C, EntryPoint = "getegid")]
    internal static partial uint EffectiveGid();
}
