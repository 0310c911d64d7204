using System.Text;
using Isobar.Simulation.Reports;

namespace Isobar.Simulation.Bench;

/// <summary>Collects text, tables and plots, and writes them as Markdown, CSV, HTML and SVG.</summary>
internal sealed class ExhibitPage(Exhibit exhibit)
{
    private readonly StringBuilder _markdown = new();
    private readonly StringBuilder _csv = new();
    private readonly HtmlReport _html = new(exhibit.Title, $"Made by: {Command(exhibit)}");
    private readonly List<string> _plots = [];

    /// <summary>Folder of the shared traces: ISOBAR_TRACES, else ../shared/traces beside the repository.</summary>
    public static string Traces { get; } =
        Environment.GetEnvironmentVariable("ISOBAR_TRACES") ?? Path.Combine(Repository(), "..", "shared", "traces");

    public static string Trace(string file) => File.Exists(Path.Combine(Traces, file))
        ? Path.Combine(Traces, file)
        : throw new SimulationException($"There is no {file} in {Traces}; set ISOBAR_TRACES to the folder that holds it.");

    public ExhibitPage Heading(string text)
    {
        _markdown.Append("\n## ").AppendLine(text).AppendLine();
        _html.Heading(text);
        return this;
    }

    public ExhibitPage Text(string text)
    {
        _markdown.AppendLine(text).AppendLine();
        _html.Paragraph(text);
        Console.WriteLine(text);
        return this;
    }

    public ExhibitPage Table(Table table, IReadOnlySet<(int, int)>? best = null)
    {
        _markdown.AppendLine(table.ToMarkdown());
        _csv.Append(table.ToCsv()).Append('\n');
        _html.Table(table, best);
        Console.WriteLine(table.ToText());
        return this;
    }

    public ExhibitPage Plot(string title, string svg)
    {
        _plots.Add(svg);
        var file = $"sim-{exhibit.Name}{(_plots.Count == 1 ? "" : "-" + _plots.Count)}.svg";
        _markdown.AppendLine($"![{title}]({file})").AppendLine();
        _html.Plot(svg);
        return this;
    }

    public void Write()
    {
        var folder = Path.Combine(Repository(), "docs", "results");
        Directory.CreateDirectory(folder);
        var start = Path.Combine(folder, "sim-" + exhibit.Name);
        File.WriteAllText(start + ".md", $"# {exhibit.Title}\n\nMade by `{Command(exhibit)}`.\n\n{_markdown.ToString().Trim()}\n");
        File.WriteAllText(start + ".csv", _csv.ToString().TrimEnd('\n') + "\n");
        File.WriteAllText(start + ".html", _html.ToString());
        for (var i = 0; i < _plots.Count; i++)
            File.WriteAllText(start + (i == 0 ? "" : "-" + (i + 1)) + ".svg", _plots[i] + "\n");

        Console.WriteLine($"wrote {start}.md, .csv, .html and {_plots.Count} .svg");
    }

    private static string Command(Exhibit exhibit) => $"dotnet run -c Release --project bench/Isobar.Simulation.Bench -- {exhibit.Name}";

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "isobar.slnx")))
            folder = folder.Parent;

        return folder?.FullName ?? Directory.GetCurrentDirectory();
    }
}
