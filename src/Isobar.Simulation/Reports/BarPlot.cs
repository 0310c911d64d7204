using System.Text;

namespace Isobar.Simulation.Reports;

/// <summary>Horizontal bars in groups: one group per name (a profile), one bar per series (a workload or a source), as SVG.</summary>
public sealed record BarPlot(string Title, string XTitle, IReadOnlyList<string> Names, IReadOnlyList<(string Name, IReadOnlyList<(double Value, double Half)> Values)> Series)
{
    private const int Width = 760;
    private const int Left = 190;
    private const int Top = 58;
    private const int Bar = 13;
    private const int Gap = 9;
    private const int Right = 70;

    public bool Log { get; init; }

    /// <summary>Where bars begin; 1 for slowdowns, say.</summary>
    public double From { get; init; }

    public string ToSvg()
    {
        var group = Bar * Series.Count + Gap;
        var height = Top + group * Names.Count + 46;

        // A very wide interval is cut at the edge: it must not press the bars themselves together.
        var values = Series.SelectMany(series => series.Values).Where(value => !double.IsNaN(value.Value)).ToList();
        var high = Math.Min(values.Max(value => value.Value + value.Half), 1.5 * values.Max(value => value.Value));
        var x = new Scale(From, high, Log, Left, Width - Right);
        var svg = new StringBuilder();
        LinePlot.Open(svg, Width, height, Title);
        foreach (var (value, label) in x.Marks())
        {
            svg.Append(LinePlot.Inv($"<line class=\"grid\" x1=\"{x.At(value):0.#}\" x2=\"{x.At(value):0.#}\" y1=\"{Top - 6}\" y2=\"{height - 40}\"/>"));
            svg.Append(LinePlot.Inv($"<text class=\"mark\" text-anchor=\"middle\" x=\"{x.At(value):0.#}\" y=\"{height - 25}\">{label}</text>"));
        }

        svg.Append(LinePlot.Inv($"<text class=\"axis\" text-anchor=\"middle\" x=\"{(Left + Width - Right) / 2}\" y=\"{height - 8}\">{LinePlot.Escape(XTitle)}</text>"));
        var key = 16;
        for (var s = 0; s < Series.Count && Series.Count > 1; s++)
        {
            svg.Append(LinePlot.Inv($"<g class=\"s{s % PlotStyle.Colours}\"><rect class=\"bar\" x=\"{key}\" y=\"33\" width=\"12\" height=\"12\" rx=\"2\"/></g>"));
            svg.Append(LinePlot.Inv($"<text class=\"mark key\" x=\"{key + 17}\" y=\"43\">{LinePlot.Escape(Series[s].Name)}</text>"));
            key += 40 + 7 * Series[s].Name.Length;
        }

        for (var n = 0; n < Names.Count; n++)
            DrawGroup(svg, n, Top + n * group, x);

        return svg.Append("</svg>").ToString();
    }

    private void DrawGroup(StringBuilder svg, int n, int top, Scale x)
    {
        svg.Append(LinePlot.Inv($"<text class=\"mark key\" text-anchor=\"end\" x=\"{Left - 8}\" y=\"{top + Bar * Series.Count / 2.0 + 4:0.#}\">{LinePlot.Escape(Names[n])}</text>"));
        for (var s = 0; s < Series.Count; s++)
        {
            var (value, half) = Series[s].Values[n];
            if (double.IsNaN(value))
                continue;

            var width = Math.Max(1, x.At(value) - x.At(From));
            var y = top + s * Bar;
            svg.Append(LinePlot.Inv($"<g class=\"s{s % PlotStyle.Colours}\"><rect class=\"bar\" x=\"{x.At(From):0.#}\" y=\"{y}\" width=\"{width:0.#}\" height=\"{Bar - 2}\" rx=\"2\"/></g>"));
            var end = Math.Clamp(x.At(value + half), Left, Width - Right);
            if (half > 0)
                svg.Append(LinePlot.Inv($"<line class=\"whisker\" x1=\"{Math.Clamp(x.At(value - half), Left, Width - Right):0.#}\" x2=\"{end:0.#}\" y1=\"{y + Bar / 2.0 - 1:0.#}\" y2=\"{y + Bar / 2.0 - 1:0.#}\"/>"));

            svg.Append(LinePlot.Inv($"<text class=\"mark\" x=\"{end + 5:0.#}\" y=\"{y + 10}\">{Metrics.RunMetric.Format(value)}</text>"));
        }
    }
}
