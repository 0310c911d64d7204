namespace Isobar.Linux.Fuse;

/// <summary>How a guest shows its home's files.</summary>
public sealed record FileViewMountOptions
{
    /// <summary>The job's incarnation that this view belongs to; the home refuses those older than it knows.</summary>
    public ulong Incarnation { get; init; }

    /// <summary>Whether set-user-id programs of the home gain their rights here too, as a job expects. Default true.</summary>
    public bool AllowSetUserId { get; init; } = true;

    /// <summary>Whether device nodes of the home's tree lead to this machine's devices. Default true: what a job finds in /dev is decided by its mounts.</summary>
    public bool AllowDevices { get; init; } = true;

    /// <summary>What /proc/mounts gives as the source. Default "isobar".</summary>
    public string Source { get; init; } = "isobar";

    /// <summary>How far the kernel reads ahead, KiB, 4 to 16384. Default 1024: eight times the kernel's own, since a round trip is dearer than a disk's.</summary>
    public int ReadAheadKibibytes { get; init; } = 1024;

    /// <summary>First pause before a new attempt to connect; it doubles up to <see cref="LongestPause"/>. Default 50 ms.</summary>
    public TimeSpan ShortestPause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest pause between two attempts to connect. Default 2 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often a silent home is asked for a sign of life. After three times this without one the connection is taken for dead and made anew. Default 5 s.
    /// </summary>
    public TimeSpan SignOfLife { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Clock of pauses and signs of life.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
