namespace Isobar.Balancing.Load;

/// <summary>
/// Stage 1, load calculation: turns samples of the local machine into the value that the node uses for itself and the value that it tells.
/// One object per node, a few words of state, no allocation in <see cref="Sample"/>.
/// </summary>
public abstract class LoadCalculator
{
    protected LoadCalculator(CoreSet cores)
    {
        ArgumentNullException.ThrowIfNull(cores);
        Cores = cores;
    }

    public CoreSet Cores { get; }

    /// <summary>The name in profiles.</summary>
    public abstract string Name { get; }

    /// <summary>How often the host shall call <see cref="Sample"/>, in seconds, when a sample is a momentary look.</summary>
    public abstract double SampleSeconds { get; }

    /// <summary>
    /// How often the values change. A host whose samples are exact means since the last one (a simulator) needs to sample only this often.
    /// </summary>
    public abstract double PeriodSeconds { get; }

    /// <summary>The load for the node's own decisions.</summary>
    public abstract double Local { get; }

    /// <summary>The load that others are told.</summary>
    public abstract double Exported { get; }

    /// <summary>A slower average of the local load for rules that look at several (Sprite); the same as <see cref="Local"/> by default.</summary>
    public virtual double LocalMedium => Local;

    /// <summary>The slowest average.</summary>
    public virtual double LocalSlow => Local;

    /// <summary>Runnable tasks as told in <see cref="LoadEntry.Ready"/>.</summary>
    public abstract double Ready { get; }

    /// <summary>Runnable tasks for the node's own decisions: careful where <see cref="Ready"/> is careful for others.</summary>
    public virtual double LocalReady => Ready;

    /// <summary>Whether loads are divided by the capacity in standard cores: one CPU-bound process adds 1 / capacity, else 1.</summary>
    public abstract bool IsPerCapacity { get; }

    public abstract void Sample(in LoadSample sample);

    /// <summary>
    /// The first look of a new calculator on a machine that is at work already: it counts as having been so before, instead of nothing. A calculator that starts with its machine,
    /// in a simulator, begins at nothing and does without.
    /// </summary>
    public abstract void Begin(in LoadSample sample);

    /// <summary>Writes the node's entry out of the last sample and the present values; the sequence is the caller's.</summary>
    public LoadEntry ToEntry(NodeId node, uint incarnation, uint sequence, in LoadSample sample) => new()
    {
        Node = node,
        Incarnation = incarnation,
        Sequence = sequence,
        Stamp = sample.Time,
        Load = (float)Exported,
        Ready = (float)Ready,
        Speed = Cores.Fastest,
        SlowestSpeed = Cores.Slowest,
        Capacity = (float)Cores.Capacity,
        Cores = (ushort)Cores.Count,
        Guests = (ushort)Math.Clamp(sample.Guests, 0, ushort.MaxValue),
        FreeMemoryMiB = ToMiB(sample.FreeMemoryBytes),
        TotalMemoryMiB = ToMiB(sample.TotalMemoryBytes),
        OwnerIdleSeconds = (ushort)Math.Clamp(sample.OwnerIdleSeconds, 0, ushort.MaxValue),
        Flags = sample.Flags,
        Level = sample.Level,
        Users = (byte)Math.Clamp(sample.Users, 0, byte.MaxValue),
        DiskPercent = ToPercent(sample.DiskUtilisation),
        NetworkPercent = ToPercent(sample.NetworkUtilisation),
    };

    private static uint ToMiB(long bytes) => (uint)Math.Clamp(bytes >> 20, 0, uint.MaxValue);

    private static byte ToPercent(double share) => (byte)Math.Clamp(Math.Round(share * 100), 0, 100);
}
