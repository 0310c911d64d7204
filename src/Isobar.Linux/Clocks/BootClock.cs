using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Clocks;

/// <summary>The clock of leases: CLOCK_BOOTTIME goes on while the machine sleeps and is never set.</summary>
public sealed unsafe partial class BootClock : TimeProvider
{
    private const int ClockBootTime = 7;

    public static BootClock Instance { get; } = new();

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp()
    {
        var time = stackalloc long[2];
        if (GetTime(ClockBootTime, time) != 0)
            throw KernelException.Last("read the clock");
        return (time[0] * 1_000_000_000) + time[1];
    }

    [LibraryImport(LibC.Name, EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, long* time);
}
