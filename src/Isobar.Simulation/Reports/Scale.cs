using System.Globalization;

namespace Isobar.Simulation.Reports;

/// <summary>An axis: where a value lies, and which marks help a reader.</summary>
internal sealed class Scale
{
    private readonly bool _log;
    private readonly double _low;
    private readonly double _high;
    private readonly double _from;
    private readonly double _to;

    public Scale(double low, double high, bool log, double from, double to)
    {
        _log = log;
        _from = from;
        _to = to;
        if (log)
        {
            _low = Math.Log10(Math.Max(low, 1e-12));
            _high = Math.Log10(Math.Max(high, 1e-12));
        }
        else
        {
            var step = Step(low, high);
            _low = Math.Floor(low / step + 1e-9) * step;
            _high = Math.Ceiling(high / step - 1e-9) * step;
        }

        if (_high <= _low)
            _high = _low + 1;
    }

    public double At(double value) => _from + (_to - _from) * ((_log ? Math.Log10(Math.Max(value, 1e-12)) : value) - _low) / (_high - _low);

    public IEnumerable<(double Value, string Label)> Marks()
    {
        if (!_log)
        {
            var step = Step(_low, _high);
            for (var k = Math.Ceiling(_low / step - 1e-9) + 0.0; k * step <= _high + step * 1e-6; k++)
                yield return (k * step, Label(k * step + 0.0));

            yield break;
        }

        // Few decades: also 2 and 5.
        int[] within = _high - _low > 3 ? [1] : _high - _low > 1.2 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 8];
        for (var decade = Math.Floor(_low); decade <= _high; decade++)
        {
            foreach (var digit in within)
            {
                var value = digit * Math.Pow(10, decade);
                if (Math.Log10(value) >= _low - 1e-9 && Math.Log10(value) <= _high + 1e-9)
                    yield return (value, Label(value));
            }
        }
    }

    private static double Step(double low, double high)
    {
        var span = Math.Max(high - low, 1e-12);
        var raw = span / 5;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return (raw / power) switch
        {
            < 1.5 => power,
            < 3.5 => 2 * power,
            < 7.5 => 5 * power,
            _ => 10 * power,
        };
    }

    private static string Label(double value) => Math.Abs(value) switch
    {
        >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M",
        >= 1e4 => (value / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + "k",
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}
