namespace Isobar.Balancing.Load;

/// <summary>
/// The cores of one machine that work may use, fastest first. A core of speed 0.6 may be a hyperthread's share or a cgroup quota as
/// well as a slow core. Immutable and shared by all nodes of the same kind.
/// </summary>
public sealed class CoreSet
{
    private readonly float[] _speeds;
    private readonly double[] _prefix;

    /// <param name="speeds">Speed of each core, 1.0 = standard; positive; at least one and at most 65535.</param>
    public CoreSet(params ReadOnlySpan<float> speeds)
    {
        if (speeds.IsEmpty || speeds.Length > ushort.MaxValue)
            throw new BalancingException($"A machine has 1 to 65535 cores, not {speeds.Length}; give the speed of each one.");
        _speeds = speeds.ToArray();
        foreach (float speed in _speeds)
        {
            if (!(speed > 0) || !float.IsFinite(speed))
                throw new BalancingException($"A core's speed is a positive number (1.0 is the standard core), not {speed}.");
        }

        Array.Sort(_speeds, static (a, b) => b.CompareTo(a));
        _prefix = new double[_speeds.Length + 1];
        for (int i = 0; i < _speeds.Length; i++)
            _prefix[i + 1] = _prefix[i] + _speeds[i];
    }

    public static CoreSet Uniform(int cores, float speed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cores);
        float[] speeds = new float[cores];
        Array.Fill(speeds, speed);
        return new CoreSet(speeds);
    }

    public int Count => _speeds.Length;

    public double Capacity => _prefix[^1];

    public float Fastest => _speeds[0];

    public float Slowest => _speeds[^1];

    /// <summary>Speed of the n-th fastest core, from 0.</summary>
    public float Speed(int index) => _speeds[index];

    /// <summary>Sum of the speeds of the n fastest cores.</summary>
    public double FastestSum(int count) => _prefix[Math.Clamp(count, 0, Count)];
}
