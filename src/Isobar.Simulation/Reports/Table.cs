using System.Text;

namespace Isobar.Simulation.Reports;

/// <summary>A table of text: for the terminal, for Markdown, for CSV. The first column is left-aligned, the others are numbers.</summary>
public sealed class Table(params IReadOnlyList<string> headings)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public IReadOnlyList<string> Headings { get; } = headings;

    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    public Table Add(params IReadOnlyList<string> cells)
    {
        ArgumentNullException.ThrowIfNull(cells);
        if (cells.Count != Headings.Count)
            throw new ArgumentException($"A row of {cells.Count} cells does not fit {Headings.Count} headings.", nameof(cells));

        _rows.Add(cells);
        return this;
    }

    /// <param name="leftAligned">Whether all columns hold words.</param>
    public string ToText(bool leftAligned = false)
    {
        var widths = Widths();
        var text = new StringBuilder();
        foreach (var row in _rows.Prepend(Headings))
        {
            for (var i = 0; i < row.Count; i++)
                text.Append(i == 0 ? "" : "  ").Append(i == 0 || leftAligned ? row[i].PadRight(widths[i]) : row[i].PadLeft(widths[i]));

            while (text[^1] == ' ')
                text.Length--;

            text.AppendLine();
        }

        return text.ToString();
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", Headings).AppendLine(" |");
        text.Append('|').AppendJoin('|', Headings.Select((_, i) => i == 0 ? "---" : "---:")).AppendLine("|");
        foreach (var row in _rows)
            text.Append("| ").AppendJoin(" | ", row).AppendLine(" |");

        return text.ToString();
    }

    public string ToCsv()
    {
        var text = new StringBuilder();
        foreach (var row in _rows.Prepend(Headings))
            text.AppendJoin(',', row.Select(Quote)).Append('\n');

        return text.ToString();
    }

    private static string Quote(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\n") < 0 ? cell : "\"" + cell.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private int[] Widths()
    {
        var widths = new int[Headings.Count];
        foreach (var row in _rows.Prepend(Headings))
        {
            for (var i = 0; i < row.Count; i++)
                widths[i] = Math.Max(widths[i], row[i].Length);
        }

        return widths;
    }
}
