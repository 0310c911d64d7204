using System.Numerics;
using System.Runtime.InteropServices;

namespace Isobar.Simulation.Engine;

/// <summary>
/// xoshiro256** (Blackman and Vigna 2018) behind the base class's interface, so that policies which take a <see cref="Random"/> give the same
/// run for the same seed on every version of the runtime. Independent streams come from <see cref="Fork"/>, never from sharing one generator
/// between concerns: adding a draw to one must not shift the others.
/// </summary>
public sealed class SeededRandom : Random
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    public SeededRandom(ulong seed)
    {
        // splitmix64 spreads a small seed over the state, as the authors of xoshiro advise.
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    /// <summary>A stream of its own for one concern, a function of this generator's present state and the label only.</summary>
    public SeededRandom Fork(ulong label) => new(_s0 ^ BitOperations.RotateLeft(_s2, 17) ^ (label * 0x9E3779B97F4A7C15));

    /// <summary>Exponential with the given mean.</summary>
    public double NextExponential(double mean) => -mean * Math.Log(1 - Sample());

    /// <summary>Pareto: P(X &gt; x) = (minimum/x)^shape for x at least the minimum; cut at the maximum by drawing from the truncated law.</summary>
    public double NextPareto(double minimum, double shape, double maximum = double.PositiveInfinity)
    {
        var tail = double.IsPositiveInfinity(maximum) ? 0 : Math.Pow(minimum / maximum, shape);
        return minimum * Math.Pow(1 - Sample() * (1 - tail), -1 / shape);
    }

    /// <summary>Two-phase hyperexponential with balanced means and the given squared coefficient of variation (at least 1).</summary>
    public double NextHyperexponential(double mean, double squaredVariation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(squaredVariation, 1);
        var p = 0.5 * (1 + Math.Sqrt((squaredVariation - 1) / (squaredVariation + 1)));
        return Sample() < p ? NextExponential(mean / (2 * p)) : NextExponential(mean / (2 * (1 - p)));
    }

    public override int Next() => (int)(Step() >> 33);

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (int)(((UInt128)Step() * (ulong)maxValue) >> 64);
    }

    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return (int)(minValue + (long)(((UInt128)Step() * (ulong)((long)maxValue - minValue)) >> 64));
    }

    public override long NextInt64() => (long)(Step() >> 1);

    public override long NextInt64(long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (long)(((UInt128)Step() * (ulong)maxValue) >> 64);
    }

    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return minValue + (long)(((UInt128)Step() * (ulong)(maxValue - minValue)) >> 64);
    }

    public override double NextDouble() => Sample();

    public override float NextSingle() => (Step() >> 40) * (1f / (1 << 24));

    public override void NextBytes(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        NextBytes(buffer.AsSpan());
    }

    public override void NextBytes(Span<byte> buffer)
    {
        Span<ulong> one = stackalloc ulong[1];
        while (buffer.Length > 0)
        {
            one[0] = Step();
            var bytes = MemoryMarshal.AsBytes(one);
            var take = Math.Min(bytes.Length, buffer.Length);
            bytes[..take].CopyTo(buffer);
            buffer = buffer[take..];
        }
    }

    protected override double Sample() => (Step() >> 11) * (1.0 / (1UL << 53));

    private ulong Step()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
