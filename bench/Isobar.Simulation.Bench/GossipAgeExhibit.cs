using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Scoreboard 3: Amar, Barak, Drezner and Okun (2009).</summary>
internal static class GossipAgeExhibit
{
    public static Task MakeAsync(ExhibitPage page)
    {
        (int Nodes, int Window, double Mean, double Max)[] cases = [(16, 8, 3.52, 7.7), (64, 16, 6.74, 20.5), (256, 32, 11.9, 51.1), (1024, 64, 22.2, double.NaN)];
        page.Text(
            "Each unit of time every node sends its w freshest entries to one random node. Ages in units of time: of all entries (mean), and of the oldest entry of a node (mean over nodes). Formula of 2009, simulation published with it, simulation here with the daemon's own protocol code. "
            + "Push-pull alternates with a pull from the node whose entry is oldest, at the same period.");
        var table = new Table("n, w", "mean formula", "published", "here", "here/formula", "push-pull", "max formula", "published ", "here ", "push-pull ", "bytes/node unit", "push-pull bytes");
        var rows = Map(cases, one =>
        {
            var plain = Measure(one.Nodes, one.Window, pushPull: false);
            var mixed = Measure(one.Nodes, one.Window, pushPull: true);
            return (one, plain, mixed);
        });
        foreach (var ((n, w, mean, max), plain, mixed) in rows)
        {
            var formula = GossipAge.Mean(n, w);
            table.Add(
                $"{n}, {w}",
                F(formula, "0.00"),
                F(mean, "0.00"),
                F(plain.Mean, "0.00"),
                F(plain.Mean / formula, "0.00"),
                F(mixed.Mean, "0.00"),
                F(GossipAge.Max(n, w), "0.0"),
                double.IsNaN(max) ? "" : F(max, "0.0"),
                F(plain.Oldest, "0.0"),
                F(mixed.Oldest, "0.0"),
                F(plain.Bytes, "0"),
                F(mixed.Bytes, "0"));
        }

        page.Table(table);
        Series Line(string name, Func<int, double> of, bool reference = false) => new(name, [.. Enumerable.Range(0, cases.Length).Select(i => ((double)cases[i].Nodes, of(i), 0.0))], reference);
        page.Plot("age against nodes", new LinePlot("Mean age of gossiped information", "nodes (window 8, 16, 32, 64)", "mean age, units of time",
        [
            Line("formula of 2009", i => GossipAge.Mean(cases[i].Nodes, cases[i].Window), true),
            Line("published simulation", i => cases[i].Mean),
            Line("here", i => rows[i].plain.Mean),
            Line("here, push-pull", i => rows[i].mixed.Mean),
        ])
        { LogX = true }.ToSvg());
        return Task.CompletedTask;
    }

    private static (double Mean, double Oldest, double Bytes) Measure(int nodes, int window, bool pushPull)
    {
        var gossip = new StageSettings("gossip").With("periodSeconds", 1).With("window", window).With("maxAgeSeconds", 86400).With("anyNode", 1).With("pushPull", pushPull ? 1 : 0);
        var profile = new Profile(new ProfileSettings { Name = "gossip", Load = new StageSettings("mean").With("periodSeconds", 0.05).With("stepSeconds", 0.05), Dissemination = gossip });
        var nothing = new Workload("nothing", nodes, []);
        var simulation = new ClusterSimulation(nothing, profile, new Scenario { Topology = new Topology { Latency = 1e-6 } });
        var (warm, steps) = (150, 100);
        simulation.RunUntil(warm);
        var (mean, oldest) = (0.0, 0.0);
        for (var i = 1; i <= steps; i++)
        {
            simulation.RunUntil(warm + i);
            var ages = simulation.ViewAges();
            mean += ages.Mean / steps;
            oldest += ages.Oldest / steps;
        }

        return (mean, oldest, simulation.Result().LoadBytesPerNodeSecond);
    }
}
