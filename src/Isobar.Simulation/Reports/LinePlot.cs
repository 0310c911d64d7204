using System.Globalization;
using System.Text;

namespace Isobar.Simulation.Reports;

/// <summary>A line of a plot.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">In order of x; the third number is the half width of a confidence interval, zero for none.</param>
/// <param name="IsReference">A published or analytic value: drawn thin and dashed.</param>
public sealed record Series(string Name, IReadOnlyList<(double X, double Y, double Half)> Points, bool IsReference = false);

/// <summary>Lines over numbers, as SVG that takes its colours from the page (variables --c0..--c7, --ink, --faint).</summary>
public sealed record LinePlot(string Title, string XTitle, string YTitle, IReadOnlyList<Series> Series)
{
    private const int Width = 760;
    private const int Height = 416;
    private const int Left = 66;
    private const int Top = 60;
    private const int Bottom = 52;
    private const int LegendWidth = 190;

    public bool LogX { get; init; }

    public bool LogY { get; init; }

    /// <summary>Least value of the y axis; by default the least of the data (or zero when that is near).</summary>
    public double? FromY { get; init; }

    /// <summary>Largest value shown; lines are cut there.</summary>
    public double? ToY { get; init; }

    public string ToSvg()
    {
        var all = Series.SelectMany(line => line.Points).ToList();
        var right = Width - LegendWidth - 16;
        var low = FromY ?? (LogY ? all.Min(p => p.Y) : Math.Min(0, all.Min(p => p.Y - p.Half)));
        var high = ToY ?? all.Max(p => p.Y + p.Half);
        var x = new Scale(all.Min(p => p.X), all.Max(p => p.X), LogX, Left, right);
        var y = new Scale(low, high, LogY, Height - Bottom, Top);
        var svg = new StringBuilder();
        Open(svg, Width, Height, Title);
        foreach (var (value, label) in y.Marks())
        {
            svg.Append(Inv($"<line class=\"grid\" x1=\"{Left}\" x2=\"{right}\" y1=\"{y.At(value):0.#}\" y2=\"{y.At(value):0.#}\"/>"));
            svg.Append(Inv($"<text class=\"mark\" text-anchor=\"end\" x=\"{Left - 7}\" y=\"{y.At(value) + 4:0.#}\">{label}</text>"));
        }

        foreach (var (value, label) in x.Marks())
        {
            svg.Append(Inv($"<line class=\"grid\" x1=\"{x.At(value):0.#}\" x2=\"{x.At(value):0.#}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/>"));
            svg.Append(Inv($"<text class=\"mark\" text-anchor=\"middle\" x=\"{x.At(value):0.#}\" y=\"{Height - Bottom + 18}\">{label}</text>"));
        }

        svg.Append(Inv($"<text class=\"axis\" text-anchor=\"middle\" x=\"{(Left + right) / 2}\" y=\"{Height - 12}\">{Escape(XTitle)}</text>"));
        svg.Append(Inv($"<text class=\"axis\" text-anchor=\"start\" x=\"{Left - 50}\" y=\"{Top - 8}\">{Escape(YTitle)}</text>"));
        svg.Append(Inv($"<clipPath id=\"c{Id()}\"><rect x=\"{Left - 4}\" y=\"{Top - 4}\" width=\"{right - Left + 8}\" height=\"{Height - Bottom - Top + 8}\"/></clipPath>"));
        for (var i = 0; i < Series.Count; i++)
            Draw(svg, Series[i], i, x, y, right);

        return svg.Append("</svg>").ToString();
    }

    internal static void Open(StringBuilder svg, int width, int height, string title) => svg
        .Append(Inv($"<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{Escape(title)}\">"))
        .Append(PlotStyle.Css)
        .Append(Inv($"<rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>"))
        .Append(Inv($"<text class=\"title\" x=\"16\" y=\"22\">{Escape(title)}</text>"));

    internal static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal);

    internal static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Draw(StringBuilder svg, Series line, int index, Scale x, Scale y, int right)
    {
        var colour = line.IsReference ? "ref" : "s" + (index % PlotStyle.Colours);
        var path = string.Join(' ', line.Points.Select(p => Inv($"{x.At(p.X):0.#},{y.At(p.Y):0.#}")));
        svg.Append(Inv($"<g class=\"{colour}\" clip-path=\"url(#c{Id()})\"><polyline points=\"{path}\"/>"));
        foreach (var p in line.Points)
        {
            if (p.Half > 0)
                svg.Append(Inv($"<line x1=\"{x.At(p.X):0.#}\" x2=\"{x.At(p.X):0.#}\" y1=\"{y.At(p.Y - p.Half):0.#}\" y2=\"{y.At(p.Y + p.Half):0.#}\"/>"));

            if (!line.IsReference && line.Points.Count <= 40)
                svg.Append(Inv($"<circle cx=\"{x.At(p.X):0.#}\" cy=\"{y.At(p.Y):0.#}\" r=\"3\"><title>{Escape(line.Name)}: {p.X:0.###}, {p.Y:0.####}</title></circle>"));
        }

        var at = Top + 8 + index * 20;
        svg.Append("</g>");
        svg.Append(Inv($"<g class=\"{colour}\"><line x1=\"{right + 16}\" x2=\"{right + 38}\" y1=\"{at}\" y2=\"{at}\"/></g>"));
        svg.Append(Inv($"<text class=\"mark key\" x=\"{right + 44}\" y=\"{at + 4}\">{Escape(line.Name)}</text>"));
    }

    // A page may hold several plots: their clip paths need names of their own that do not change from run to run.
    private string Id()
    {
        var hash = 17u;
        foreach (var letter in Title)
            hash = hash * 31 + letter;

        return hash.ToString("x", CultureInfo.InvariantCulture);
    }
}
