using System.CommandLine;
using Isobar.Balancing;
using Isobar.Simulation;
using Isobar.Simulation.Reports;

namespace Isobar.Cli.Sim;

/// <summary>Where results go, and how errors are told.</summary>
internal sealed class ReportOptions
{
    private readonly Option<FileInfo?> _csv = new("--csv") { Description = "Write every figure of every run to this file" };
    private readonly Option<FileInfo?> _html = new("--html") { Description = "Write one self-contained page with plots to this file" };
    private readonly Option<int> _seeds = new("--seeds") { Description = "Independent runs of each", DefaultValueFactory = _ => 3 };
    private readonly Option<int> _parallel = new("--parallel") { Description = "Runs at a time", DefaultValueFactory = _ => Math.Max(1, Environment.ProcessorCount) };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_seeds, _parallel, _csv, _html])
            command.Options.Add(option);
    }

    public int Seeds(ParseResult parsed) => Math.Max(1, parsed.GetValue(_seeds));

    public int Parallel(ParseResult parsed) => Math.Max(1, parsed.GetValue(_parallel));

    public async Task WriteAsync(ParseResult parsed, string table, Func<string> csv, Func<string> html, CancellationToken cancel)
    {
        await Console.Out.WriteAsync(table.AsMemory(), cancel);
        if (parsed.GetValue(_csv) is { } csvFile)
            await File.WriteAllTextAsync(csvFile.FullName, csv(), cancel);

        if (parsed.GetValue(_html) is { } htmlFile)
            await File.WriteAllTextAsync(htmlFile.FullName, html(), cancel);
    }

    public Task WriteAsync(ParseResult parsed, ComparisonReport report, CancellationToken cancel) =>
        WriteAsync(parsed, report.ToTable().ToText(), report.ToCsv, report.ToHtml, cancel);

    /// <summary>Runs a verb; what the user can put right becomes one sentence on standard error and exit code 1.</summary>
    public static async Task<int> GuardAsync(Func<Task> verb)
    {
        try
        {
            await verb();
            return 0;
        }
        catch (Exception wrong) when (wrong is SimulationException or BalancingException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync("isobar sim: " + wrong.Message);
            return 1;
        }
    }
}
