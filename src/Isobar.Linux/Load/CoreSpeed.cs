using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Isobar.Linux.Load;

/// <summary>
/// The speed of one core, relative: 1000 is a core that does a fixed computation (dependent integer multiplications, branches and loads from a table of 16 KB) at
/// 100 million steps a second. Only ratios between machines mean something.
/// </summary>
public static class CoreSpeed
{
    public const int Reference = 1000;

    private const double ReferenceStepsPerSecond = 100e6;
    // Short runs: one in some falls between two pauses of a CPU quota or of a busy machine.
    private const int StepsPerRun = 100_000;

    /// <summary>
    /// Runs for <paramref name="duration"/> (about 100 ms; at least one run of less than a millisecond) and takes the best of its short runs, the one least disturbed by others.
    /// </summary>
    public static int Measure(TimeSpan duration)
    {
        var table = new ulong[2048];
        for (var i = 0; i < table.Length; i++)
            table[i] = (ulong)i * 0x9E3779B97F4A7C15;
        var began = Stopwatch.GetTimestamp();
        var best = TimeSpan.MaxValue;
        var state = 1UL;
        do
        {
            var start = Stopwatch.GetTimestamp();
            state = Run(table, state);
            var took = Stopwatch.GetElapsedTime(start);
            if (took < best)
                best = took;
        }
        while (Stopwatch.GetElapsedTime(began) < duration);
        GC.KeepAlive(state);
        return Math.Max(1, (int)Math.Round(StepsPerRun / best.TotalSeconds / ReferenceStepsPerSecond * Reference));
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static ulong Run(ulong[] table, ulong state)
    {
        for (var i = 0; i < StepsPerRun; i++)
        {
            state ^= table[(int)(state >> 53)];
            state *= 0xD6E8FEB86659FD93;
            if ((state & 0x100) != 0)
                state = (state >> 7) | (state << 57);
        }
        return state;
    }
}
