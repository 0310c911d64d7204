using System.Diagnostics;
using Isobar.Simulation.Engine;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Tests.Workloads;

public sealed class WorkloadTests
{
    [Fact]
    public void A_recorded_workload_is_read_back_exactly()
    {
        var mixed = Generators.Mixed(6, 0.7, 300, 3);
        var trees = Generators.ForkTrees(4, 5, 2, 2, 1.5, 3, 4);
        foreach (var workload in (Workload[])[mixed, trees])
        {
            var path = Path.GetTempFileName();
            using (var writer = File.CreateText(path))
                ProcessTrace.Write(workload, writer);

            var read = ProcessTrace.Read(path, nodes: workload.Nodes);
            File.Delete(path);
            Assert.Equal(workload.Items, read.Items);
        }
    }

    [Fact]
    public void Swf_is_read_plain_and_through_xz()
    {
        const string Log =
            """
            ; Computer: a sample
            1 0 -1 83 1 -1 -1 -1 1200 -1 -1 1 1 -1 -1 1 -1 -1
            2 3 -1 -1 1 -1 -1 -1 100 -1 -1 2 2 -1 -1 2 -1 -1
            3 2 -1 205 -1 -1 -1 4 14400 -1 -1 1 1 -1 -1 3 -1 -1
            """;
        var path = Path.GetTempFileName();
        File.WriteAllText(path, Log);
        var plain = StandardWorkloadFormat.Read(path);
        using (var xz = Process.Start("xz", ["-zk", path]))
            xz.WaitForExit();

        var packed = StandardWorkloadFormat.Read(path + ".xz");
        File.Delete(path);
        File.Delete(path + ".xz");
        Assert.Equal([new BatchJob(1, 0, 83, 1, 1200, 1, 1, 1), new BatchJob(3, 2, 205, 4, 14400, 1, 1, 3)], plain);
        Assert.Equal(plain, packed);
    }

    [Fact]
    public void Mistakes_are_told_with_file_line_and_remedy()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "arrival_s,host,cpu_s\n0,0,1\n1,0,much\n");
        var wrong = Assert.Throws<SimulationException>(() => ProcessTrace.Read(path));
        Assert.Contains("Line 3", wrong.Message, StringComparison.Ordinal);
        File.WriteAllText(path, "arrival_s,host\n");
        Assert.Contains("cpu_s", Assert.Throws<SimulationException>(() => ProcessTrace.Read(path)).Message, StringComparison.Ordinal);
        File.Delete(path);
        Assert.Contains("lode", Assert.Throws<SimulationException>(() => WorkloadCatalog.Make("poisson:lode=1", 2, 10, 1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LifetimeShape.Exponential, 1, 0.05)]
    [InlineData(LifetimeShape.Hyperexponential, 10, 0.1)]
    [InlineData(LifetimeShape.Pareto, 1, 0.15)]
    [InlineData(LifetimeShape.Pareto, 1.5, 0.15)]
    public void Laws_have_the_mean_they_are_asked_for(LifetimeShape shape, double parameter, double tolerance)
    {
        var law = new LifetimeLaw(shape, 2.5, parameter, 1e4);
        var random = new SeededRandom(5);
        var mean = Enumerable.Range(0, 200_000).Average(_ => law.Draw(random));
        Assert.Equal(2.5, mean, 2.5 * tolerance);
    }

    [Fact]
    public void The_measured_tail_halves_when_age_doubles()
    {
        var law = new LifetimeLaw(LifetimeShape.Pareto, 1);
        var random = new SeededRandom(6);
        var draws = Enumerable.Range(0, 200_000).Select(_ => law.Draw(random)).ToList();
        double Over(double age) => draws.Count(draw => draw > age);
        Assert.Equal(0.5, Over(2) / Over(1), 0.03);
        Assert.Equal(0.5, Over(4) / Over(2), 0.03);
    }

    [Fact]
    public void Generators_are_functions_of_the_seed()
    {
        Assert.Equal(Generators.Amir(6, 2000, 9).Items, Generators.Amir(6, 2000, 9).Items);
        Assert.NotEqual(Generators.Amir(6, 2000, 9).Items, Generators.Amir(6, 2000, 10).Items);
    }

    /// <summary>The index of dispersion of counts tells bursts from Poisson (1) and from a metronome (0).</summary>
    [Theory]
    [InlineData("poisson:law=constant", 0.85, 1.15)]
    [InlineData("bursts:law=constant,gaps=constant", 0, 0.05)]
    [InlineData("bursts:law=constant,gapvariation=10", 4, 11)]
    [InlineData("bursts:law=constant,gaps=pareto,gaptail=1.5", 2, 1000)]
    public void Arrivals_come_as_evenly_as_their_law_says(string spec, double least, double most)
    {
        const double Seconds = 20_000;
        const double Bin = 20;
        var workload = WorkloadCatalog.Make(spec, 4, Seconds, 1);
        var counts = new double[(int)(Seconds / Bin)];
        foreach (var item in workload.Items)
            counts[(int)(item.Arrival / Bin)]++;

        var mean = counts.Average();
        Assert.Equal(0.7 * 4 * Bin, mean, mean * 0.1);
        Assert.InRange(counts.Average(count => (count - mean) * (count - mean)) / mean, least, most);
    }

    [Fact]
    public void Poisson_is_the_renewal_process_with_exponential_gaps()
    {
        var law = new LifetimeLaw(LifetimeShape.Pareto, 2);
        Assert.Equal(Generators.Poisson(3, 0.5, law, 500, 4).Items, Generators.Renewal(3, 0.5, law, new LifetimeLaw(LifetimeShape.Exponential, 99), 500, 4).Items);
    }
}
