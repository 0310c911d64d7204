using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>posix_spawn(3) of glibc 2.34 or newer (addclosefrom_np). It returns the error number and leaves errno alone.</summary>
internal static unsafe partial class SpawnNative
{
    // glibc's posix_spawn_file_actions_t has 80 bytes and posix_spawnattr_t 336 on every 64-bit architecture.
    public const int FileActionsSize = 80;
    public const int AttributesSize = 336;
    public const int SignalSetSize = 128;

    public const short SetSignalDefaults = 0x04;
    public const short SetSignalMask = 0x08;
    public const short SetSession = 0x80;

    private const int KeyControl = 250;
    private const int JoinSessionKeyring = 1;

    // The C library has no function for it. A kernel may be built without keys.
    public static void JoinNewKeyring() => _ = KeyControlCall(KeyControl, JoinSessionKeyring, 0);

    [LibraryImport(LibC.Name, EntryPoint = "syscall")]
    private static partial nint KeyControlCall(nint number, nint operation, nint name);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawn")]
    public static partial int Spawn(out int pid, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int ActionsInit(byte* actions);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int ActionsDestroy(byte* actions);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int ActionsDuplicate(byte* actions, int fd, int target);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawn_file_actions_addclose")]
    public static partial int ActionsClose(byte* actions, int fd);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    public static partial int ActionsCloseFrom(byte* actions, int first);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawn_file_actions_addchdir_np")]
    public static partial int ActionsChangeDirectory(byte* actions, byte* path);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(byte* attributes);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawnattr_destroy")]
    public static partial int AttributesDestroy(byte* attributes);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(byte* attributes, short flags);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetSignalDefaults(byte* attributes, byte* signals);

    [LibraryImport(LibC.Name, EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetSignalMask(byte* attributes, byte* signals);
}
