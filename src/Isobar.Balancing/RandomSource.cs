using System.Numerics;

namespace Isobar.Balancing;

/// <summary>
/// The only randomness of the policies: xoshiro256** (Blackman and Vigna 2018), 32 bytes, passed by reference. The same seed gives
/// the same decisions on every machine, and a million nodes each have a stream of their own without an object.
/// </summary>
/// <remarks>A default value is not seeded: make one with <see cref="RandomSource(ulong)"/>.</remarks>
public struct RandomSource
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>Expands <paramref name="seed"/> by splitmix64, as the generator's authors ask for.</summary>
    public RandomSource(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    /// <summary>An independent stream, for example one per node: the same (seed, stream) is always the same stream.</summary>
    public RandomSource(ulong seed, ulong stream)
        : this(SplitMix(ref seed) ^ BitOperations.RotateLeft(SplitMix(ref stream), 29))
    {
    }

    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0..<paramref name="bound"/>-1, without bias (Lemire 2019).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        uint n = (uint)bound;
        ulong product = (NextUInt64() >> 32) * n;
        if ((uint)product < n)
        {
            uint threshold = (0u - n) % n;
            while ((uint)product < threshold)
                product = (NextUInt64() >> 32) * n;
        }

        return (int)(product >> 32);
    }

    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
