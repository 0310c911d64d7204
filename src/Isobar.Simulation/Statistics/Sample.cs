namespace Isobar.Simulation.Statistics;

/// <summary>A growing set of observations with exact quantiles (kept whole: a run has at most some millions).</summary>
public sealed class Sample
{
    private double[] _values;
    private bool _sorted = true;

    public Sample(int capacity = 256) => _values = new double[Math.Max(1, capacity)];

    public int Count { get; private set; }

    public double Sum { get; private set; }

    /// <summary>Arithmetic mean; zero of an empty sample.</summary>
    public double Mean => Count == 0 ? 0 : Sum / Count;

    public double Maximum => Count == 0 ? 0 : Quantile(1);

    public void Add(double value)
    {
        if (Count == _values.Length)
            Array.Resize(ref _values, Count * 2);

        _values[Count++] = value;
        Sum += value;
        _sorted = false;
    }

    /// <summary>Smallest value that at least the fraction q of the observations do not exceed (nearest rank); zero of an empty sample.</summary>
    /// <param name="q">Fraction, 0 to 1.</param>
    public double Quantile(double q)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(q);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(q, 1);
        if (Count == 0)
            return 0;

        if (!_sorted)
        {
            Array.Sort(_values, 0, Count);
            _sorted = true;
        }

        return _values[Math.Clamp((int)Math.Ceiling(q * Count) - 1, 0, Count - 1)];
    }

    /// <summary>Jain's index (sum x)^2 / (n sum x^2): 1 when all values are alike, 1/n when one has everything (Jain, Chiu, Hawe 1984).</summary>
    public double JainIndex()
    {
        var squares = 0.0;
        for (var i = 0; i < Count; i++)
            squares += _values[i] * _values[i];

        return squares == 0 ? 1 : Sum * Sum / (Count * squares);
    }
}
