using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Terminals;

internal static unsafe partial class TerminalNative
{
    public const nuint GetWindow = 0x5413;
    public const nuint SetWindow = 0x5414;
    public const nuint GetSlaveNumber = 0x80045430;

    [LibraryImport(LibC.Name, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int fd, nuint request, void* argument);

    [LibraryImport(LibC.Name, EntryPoint = "tcgetattr", SetLastError = true)]
    public static partial int GetAttributes(int fd, byte* attributes);

    [LibraryImport(LibC.Name, EntryPoint = "tcsetattr", SetLastError = true)]
    public static partial int SetAttributes(int fd, int when, byte* attributes);

    [LibraryImport(LibC.Name, EntryPoint = "isatty", SetLastError = true)]
    public static partial int IsTerminal(int fd);

    [LibraryImport(LibC.Name, EntryPoint = "cfmakeraw")]
    public static partial void MakeRaw(byte* attributes);
}
