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
    public sealed record Column(string Title, bool IsRight = false);

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
        var widths = columns.Select((column, i) => _rows.Select(r => r[i].Text.Length).Append(column.Title.Length).Max()).ToArray();
        var before = widths[..^1].Sum() + (Gap.Length * (widths.Length - 1));
        var left = width == int.MaxValue ? width : Math.Max(columns[^1].Title.Length, width - before);
        WriteRow(output, [.. columns.Select(c => new Cell(c.Title, Paint.Bold))], widths, isColoured);
        foreach (var row in _rows)
            WriteRow(output, row[^1].Text.Length <= left ? row : [.. row[..^1], row[^1] with { Text = row[^1].Text[..left] }], widths, isColoured);
    }

    private static bool IsTerminal(TextWriter output) => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    private void WriteRow(TextWriter output, Cell[] row, int[] widths, bool isColoured)
    {
        var line = new StringBuilder();
        for (var i = 0; i < row.Length; i++)
        {
            var blanks = widths[i] - row[i].Text.Length;
            if (i > 0)
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
