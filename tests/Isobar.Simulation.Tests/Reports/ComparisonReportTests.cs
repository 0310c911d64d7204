using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Comparing;
using Isobar.Simulation.Metrics;
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kills_avoided_are_those_without_balancing_on_the_same_seed_less_those_with_it(bool localTakesPart)
    {
        var cancel = TestContext.Current.CancellationToken;
        var setting = Tight("tight", 2);
        var local = new Contender("stay", ProfileReader.Load("local"));
        var moved = new Contender("openmosix", ProfileReader.Load("openmosix"));
        var told = new List<(int Done, int All)>();
        var cells = await Comparison.RunAsync(localTakesPart ? [moved, local] : [moved], [setting], 2, 2, new Listener(told), cancel);
        var report = new ComparisonReport("kills", "", cells);

        // By hand: the same seeds under the profile that leaves every process where it is.
        for (var seed = 1ul; seed <= 2; seed++)
        {
            var (workload, scenario) = setting.Make(seed);
            var without = new ClusterSimulation(workload, local.Profile, scenario).Run(cancel).Kills;
            var run = cells[0].Runs[(int)seed - 1];
            Assert.True(without > run.Kills, $"{without} kills without balancing, {run.Kills} with it: no workload to tell anything by.");
            Assert.Equal(without, run.KillsWithoutBalancing);
            Assert.Equal(without - run.Kills, run.KillsAvoided);
            var csv = report.ToCsv().Split('\n');
            var column = Array.IndexOf(csv[0].Split(','), "kills_avoided");
            Assert.Equal($"{without - run.Kills}", csv[(int)seed].Split(',')[column]);
        }

        var shown = report.ToTable().Headings.ToList().IndexOf("kills avoided");
        Assert.Equal(RunMetric.Format(cells[0].Runs.Average(run => run.KillsAvoided)), report.ToTable().Rows[0][shown]);
        Assert.Contains(">kills avoided</th>", report.ToHtml(), StringComparison.Ordinal);
        Assert.Equal(4, told.Max(one => one.All));
        if (localTakesPart)
            Assert.All(cells[1].Runs, run => Assert.Equal(0, run.KillsAvoided));
    }

    [Fact]
    public async Task Where_nothing_can_be_killed_no_baseline_is_run_and_its_cell_is_empty()
    {
        var told = new List<(int Done, int All)>();
        var moved = new Contender("openmosix", ProfileReader.Load("openmosix"));
        var cells = await Comparison.RunAsync([moved], [Tight("endless", double.PositiveInfinity)], 2, 2, new Listener(told), TestContext.Current.CancellationToken);
        var report = new ComparisonReport("none", "", cells);
        var csv = report.ToCsv().Split('\n');

        Assert.Equal("", csv[1].Split(',')[Array.IndexOf(csv[0].Split(','), "kills_avoided")]);
        Assert.DoesNotContain("kills avoided", report.ToTable().Headings);
        Assert.Equal(2, told.Max(one => one.All));
    }

    [Theory]
    [InlineData("*Owners first*: free slots.", "<p><em>Owners first</em>: free slots.</p>")]
    [InlineData("a * b * c, 2*k*m, 3*4", "<p>a * b * c, 2*k*m, 3*4</p>")]
    [InlineData("*a < b*", "<p><em>a &lt; b</em></p>")]
    public void Words_between_asterisks_are_stressed_and_products_are_not(string text, string expected)
    {
        Assert.Contains(expected, new HtmlReport("t", "s").Paragraph(text).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Cells_with_commas_and_quotes_survive_csv()
    {
        Assert.Equal("a,b\n\"x,1\",\"say \"\"no\"\"\"\n", new Table("a", "b").Add("x,1", "say \"no\"").ToCsv());
    }

    // Eight processes of just under half a machine, five seconds apart, all born at the first of four machines.
    private static Setting Tight(string name, double killAbove) => new(name, seed => (
        new Workload(name, 4, [.. Enumerable.Range(0, 8).Select(i => new WorkItem { Arrival = 5 * i + 0.1 * seed, Home = 0, Cpu = 60, Memory = 0.45e9, Name = "big" })]),
        new Scenario { Machines = [new MachineKind(CoreSet.Uniform(1), 1e9)], KillAbove = killAbove, EndAt = 3000, Seed = seed }));

    private sealed class Listener(List<(int Done, int All)> told) : IProgress<(int Done, int All)>
    {
        public void Report((int Done, int All) value)
        {
            lock (told)
                told.Add(value);
        }
    }
}
