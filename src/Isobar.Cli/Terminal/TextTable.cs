using System.Text;

namespace Isobar.Cli.Terminal;

/// <summary>
/// Columns of text, two blanks apart, as ps and docker print them: no frames, so that awk and the eye both find their way. Colours only on a terminal and only
/// without NO_COLOR (https://no-color.org).
/// </summary>
public sealed class TextTable(params TextTable.Column[] columns)
{
    private const string Gap = "  ";

    private readonly List<Cell[]> _rows = [];

    /// <summary>A heading and its side.</summary>
    /// <param name="Title">The heading.</param>
    /// <param name="IsRight">Numbers.</param>
    /// <param name="Rank">Where there is no room those with the largest are left out; 0 = never.</param>
    /// <param name="Least">Its least width; of the last column, what it must have before others are left out for it.</param>
    public sealed record Column(string Title, bool IsRight = false, int Rank = 0, int Least = 0);

    /// <summary>A text with a colour.</summary>
    public readonly record struct Cell(string Text, Paint Paint = Paint.None)
    {
        public static implicit operator Cell(string text) => new(text);
    }

    public static bool IsColoured(TextWriter output) =>
        IsTerminal(output) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>The last column is cut where the terminal ends; anywhere else it is whole.</summary>
    public bool CutsLast { get; init; }

    public void Add(params Cell[] cells)
    {
        if (cells.Length != columns.Length)
            throw new ArgumentException($"a row needs {columns.Length} cells", nameof(cells));
        _rows.Add(cells);
    }

    public void Write(TextWriter output) => Write(output, IsColoured(output), CutsLast && IsTerminal(output) ? Console.WindowWidth : int.MaxValue);

    public void Write(TextWriter output, bool isColoured, int width = int.MaxValue)
    {
        var widths = columns.Select((column, i) => _rows.Select(r => r[i].Text.Length).Append(column.Title.Length).Append(i < columns.Length - 1 ? column.Least : 0).Max()).ToArray();
        var shown = Shown(widths, width);
        var left = width == int.MaxValue ? width : Math.Max(columns[^1].Title.Length, width - Before(shown, widths));
        WriteRow(output, [.. columns.Select(c => new Cell(c.Title, Paint.Bold))], shown, widths, isColoured);
        foreach (var row in _rows)
            WriteRow(output, row[^1].Text.Length <= left ? row : [.. row[..^1], row[^1] with { Text = row[^1].Text[..left] }], shown, widths, isColoured);
    }

    // What the columns before the last one take.
    private static int Before(List<int> shown, int[] widths) => shown[..^1].Sum(i => widths[i] + Gap.Length);

    private List<int> Shown(int[] widths, int width)
    {
        var shown = Enumerable.Range(0, columns.Length).ToList();
        var last = Math.Max(columns[^1].Title.Length, columns[^1].Least);
        while (Before(shown, widths) > width - last && shown.MaxBy(i => columns[i].Rank) is var least && columns[least].Rank > 0)
            shown.Remove(least);
        return shown;
    }

    private static bool IsTerminal(TextWriter output) => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    private void WriteRow(TextWriter output, Cell[] row, List<int> shown, int[] widths, bool isColoured)
    {
        var line = new StringBuilder();
        foreach (var i in shown)
        {
            var blanks = widths[i] - row[i].Text.Length;
            if (line.Length > 0)
                line.Append(Gap);
            if (columns[i].IsRight)
                line.Append(' ', blanks);
            var painted = isColoured && row[i].Paint != Paint.None;
            if (painted)
                line.Append("\e[").Append((int)row[i].Paint).Append('m');
            line.Append(row[i].Text);
            if (painted)
                line.Append("\e[0m");
            if (!columns[i].IsRight && i < row.Length - 1)
                line.Append(' ', blanks);
        }
        output.WriteLine(line.ToString().TrimEnd(' '));
    }
}

/// <summary>SGR parameters (ECMA-48).</summary>
public enum Paint
{
    None = 0,
    Bold = 1,
    Faint = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
}
