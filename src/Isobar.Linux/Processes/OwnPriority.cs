using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>The nice value of this process.</summary>
public static partial class OwnPriority
{
    private const int Highest = -20;

    /// <summary>The nice value of the calling thread.</summary>
    public static int Nice => GetPriority(0, 0);

    /// <summary>
    /// Makes this process, and all that it will start, so many steps of nice more important than it is. Without the privilege it stays as it is. To be called before threads are
    /// made: on Linux the nice value is each thread's own, and handed on to what the thread makes (setpriority(2)).
    /// </summary>
    public static void Raise(int steps) => _ = SetPriority(0, 0, Math.Max(Highest, GetPriority(0, 0) - steps));

    [LibraryImport(LibC.Name, EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, int who);

    [LibraryImport(LibC.Name, EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int who, int value);
}
