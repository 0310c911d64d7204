using Isobar.Balancing.Profiles;
using Isobar.Simulation.Comparing;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Tests.Reports;

public sealed class ComparisonReportTests
{
    [Fact]
    public async Task A_comparison_gives_a_table_a_csv_line_per_run_and_a_page_that_needs_nothing_else()
    {
        var law = new LifetimeLaw(LifetimeShape.Pareto, 1);
        var setting = new Setting("small", seed => (Generators.Poisson(4, 0.6, law, 60, seed), new Scenario { Seed = seed }));
        Contender[] contenders = [new("local", ProfileReader.Load("local")), new("openmosix", ProfileReader.Load("openmosix"))];
        var told = new List<(int Done, int All)>();
        var cells = await Comparison.RunAsync(contenders, [setting], 3, 2, new Listener(told), TestContext.Current.CancellationToken);
        var report = new ComparisonReport("A & B", "two <profiles>", cells);

        Assert.Equal(2, report.ToTable().Rows.Count);
        Assert.Equal(1 + 2 * 3, report.ToCsv().TrimEnd('\n').Split('\n').Length);
        Assert.Contains((6, 6), told);
        var page = report.ToHtml();
        Assert.Contains("A &amp; B", page, StringComparison.Ordinal);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme:dark", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Cells_with_commas_and_quotes_survive_csv()
    {
        Assert.Equal("a,b\n\"x,1\",\"say \"\"no\"\"\"\n", new Table("a", "b").Add("x,1", "say \"no\"").ToCsv());
    }

    private sealed class Listener(List<(int Done, int All)> told) : IProgress<(int Done, int All)>
    {
        public void Report((int Done, int All) value)
        {
            lock (told)
                told.Add(value);
        }
    }
}
