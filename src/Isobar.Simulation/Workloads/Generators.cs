using Isobar.Simulation.Engine;

namespace Isobar.Simulation.Workloads;

/// <summary>Generators of artificial workloads. All are functions of their arguments and the seed alone.</summary>
public static class Generators
{
    /// <summary>
    /// Poisson arrivals at every node with demands of a given law, so that each node's own offered load is <paramref name="load"/> (times its
    /// weight, when weights are given: uneven clusters are where balancing earns its keep).
    /// </summary>
    /// <param name="nodes">Number of nodes.</param>
    /// <param name="load">Offered load per node of one standard core, 0 to 1 for a stable system.</param>
    /// <param name="law">Law of CPU demands.</param>
    /// <param name="seconds">Arrivals end then.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="weights">Relative load of each node (mean 1); null: all alike.</param>
    public static Workload Poisson(int nodes, double load, LifetimeLaw law, double seconds, ulong seed, IReadOnlyList<double>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(law);
        return Renewal(nodes, load, law, new LifetimeLaw(LifetimeShape.Exponential, 1), seconds, seed, weights) with { Name = $"poisson-{law.Shape.ToString().ToLowerInvariant()}" };
    }

    /// <summary>
    /// As <see cref="Poisson"/>, with any law of the times between arrivals in the whole cluster: hyperexponential or Pareto gaps come in bursts and
    /// silences, as sessions and scripts do; constant ones are the quietest.
    /// </summary>
    /// <param name="nodes">Number of nodes.</param>
    /// <param name="load">Offered load per node of one standard core, 0 to 1 for a stable system.</param>
    /// <param name="law">Law of CPU demands.</param>
    /// <param name="gaps">Law of the times between arrivals; its mean is not used, the load decides it.</param>
    /// <param name="seconds">Arrivals end then.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="weights">Relative load of each node (mean 1); null: all alike.</param>
    public static Workload Renewal(int nodes, double load, LifetimeLaw law, LifetimeLaw gaps, double seconds, ulong seed, IReadOnlyList<double>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(law);
        ArgumentNullException.ThrowIfNull(gaps);
        var random = new SeededRandom(seed);
        var cumulated = Cumulate(nodes, weights);
        var between = gaps with { Mean = law.Mean / (load * nodes) };
        var items = new List<WorkItem>();
        for (var t = between.Draw(random); t < seconds; t += between.Draw(random))
        {
            var home = Pick(cumulated, random.NextDouble());
            items.Add(new WorkItem { Arrival = t, Home = home, Cpu = Math.Max(1e-6, law.Draw(random)), Name = "job" });
        }

        return new Workload($"{gaps.Shape}-{law.Shape}".ToLowerInvariant(), nodes, items);
    }

    /// <summary>
    /// A heap of jobs that is handed in at once at the first node, as a list of commands is: log-normal demands, so that a few are most of the work. All
    /// are runs of one program.
    /// </summary>
    /// <param name="jobs">How many.</param>
    /// <param name="nodes">Number of nodes.</param>
    /// <param name="total">CPU seconds that all together demand.</param>
    /// <param name="sigma">Standard deviation of the demands' logarithm.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="gap">Seconds between two: what handing in takes.</param>
    /// <param name="memory">Memory of each, bytes.</param>
    public static Workload Heap(int jobs, int nodes, double total, double sigma, ulong seed, double gap = 0.05, double memory = 4e6)
    {
        var random = new SeededRandom(seed);
        var demands = new double[jobs];
        for (var i = 0; i < jobs; i++)
            demands[i] = random.NextLogNormal(sigma);

        var unit = total / demands.Sum();
        return new Workload("heap", nodes, [.. demands.Select((demand, i) => new WorkItem { Arrival = i * gap, Home = 0, Cpu = demand * unit, Memory = memory, Name = "work" })]);
    }

    /// <summary>
    /// The generator of Amir, Awerbuch, Barak, Borgstrom and Keren (TPDS 11(7), 2000) as remembered on the scoreboard (constants unverified):
    /// Poisson arrivals, one per <paramref name="gap"/> seconds at random machines, CPU demand 2/U seconds and memory 1/U percent of a machine,
    /// U uniform in (0,1) and drawn for each, demand cut at the length of the run and memory at 100 %.
    /// </summary>
    /// <param name="nodes">Number of machines.</param>
    /// <param name="seconds">Arrivals end then; no job demands more CPU seconds.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="gap">Mean seconds between arrivals.</param>
    /// <param name="machineBytes">Memory of the largest machine.</param>
    /// <param name="cpu">Least demand in CPU seconds of a standard core: the 2 of 2/U.</param>
    /// <param name="memory">Least memory in percent of that machine: the 1 of 1/U.</param>
    public static Workload Amir(int nodes, double seconds, ulong seed, double gap = 10, double machineBytes = 256e6, double cpu = 2, double memory = 1)
    {
        var random = new SeededRandom(seed);
        var items = new List<WorkItem>();
        for (var t = random.NextExponential(gap); t < seconds; t += random.NextExponential(gap))
        {
            items.Add(new WorkItem
            {
                Arrival = t,
                Home = random.Next(nodes),
                Cpu = Math.Min(seconds, cpu / (1 - random.NextDouble())),
                Memory = Math.Min(1, 0.01 * memory / (1 - random.NextDouble())) * machineBytes,
                Name = "job",
            });
        }

        return new Workload("amir", nodes, items);
    }

    /// <summary>Trees of processes: each root forks children while it runs, to a given depth (make, shells, divide and conquer).</summary>
    public static Workload ForkTrees(int nodes, int trees, int depth, int fanout, double meanCpu, double gap, ulong seed)
    {
        var random = new SeededRandom(seed);
        var items = new List<WorkItem>();
        var time = 0.0;
        for (var tree = 0; tree < trees; tree++)
        {
            time += random.NextExponential(gap);
            Grow(-1, 0, random.Next(nodes));
        }

        return new Workload("fork-trees", nodes, items);

        void Grow(int parent, int level, int home)
        {
            var cpu = Math.Max(1e-3, random.NextExponential(meanCpu));
            var index = items.Count;
            items.Add(new WorkItem
            {
                Arrival = time,
                Home = home,
                Cpu = cpu,
                Name = level == 0 ? "make" : level == depth ? "cc1" : "sh",
                Parent = parent,
                ForkAtCpu = parent < 0 ? 0 : items[parent].Cpu * random.NextDouble(),
            });
            for (var child = 0; child < fanout && level < depth; child++)
                Grow(index, level + 1, home);
        }
    }

    /// <summary>
    /// A mix by thirds: CPU-bound processes with the measured tail, memory-hungry ones, and ones that mostly wait for files of their home.
    /// Memory-hungry ones are homed on the first third of the nodes, which therefore overcommit when nothing moves.
    /// </summary>
    public static Workload Mixed(int nodes, double load, double seconds, ulong seed, double machineBytes = 1e9)
    {
        var random = new SeededRandom(seed);
        var law = new LifetimeLaw(LifetimeShape.Pareto, 4, 1, 1e4);
        var gap = law.Mean / (load * nodes);
        var items = new List<WorkItem>();
        for (var t = random.NextExponential(gap); t < seconds; t += random.NextExponential(gap))
        {
            var cpu = law.Draw(random);
            items.Add(random.Next(3) switch
            {
                0 => new WorkItem { Arrival = t, Home = random.Next(nodes), Cpu = cpu, Memory = random.NextExponential(0.02 * machineBytes), Name = "compute" },
                1 => new WorkItem
                {
                    Arrival = t,
                    Home = random.Next(Math.Max(1, nodes / 3)),
                    Cpu = cpu,
                    Memory = Math.Min(0.6, random.NextPareto(0.08, 1.2)) * machineBytes,
                    Name = "analyse",
                },
                _ => new WorkItem
                {
                    Arrival = t,
                    Home = random.Next(nodes),
                    Cpu = cpu,
                    Memory = random.NextExponential(0.01 * machineBytes),
                    IoBurst = Math.Max(0.02, cpu / 20),
                    IoWait = 0.02,
                    IoBytes = 256e3,
                    Name = "copy",
                },
            });
        }

        return new Workload("mixed", nodes, items);
    }

    /// <summary>A quiet Poisson background and, at one moment, a crowd of processes at one node.</summary>
    public static Workload FlashCrowd(int nodes, double load, double seconds, double crowdAt, int crowd, LifetimeLaw law, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(law);
        var items = Poisson(nodes, load, law, seconds, seed).Items.ToList();
        var random = new SeededRandom(seed ^ 0xF1A5);
        for (var i = 0; i < crowd; i++)
            items.Add(new WorkItem { Arrival = crowdAt + random.NextDouble(), Home = 0, Cpu = Math.Max(1e-6, law.Draw(random)), Name = "crowd" });

        return new Workload("flash-crowd", nodes, [.. items.OrderBy(item => item.Arrival)]);
    }

    private static double[] Cumulate(int nodes, IReadOnlyList<double>? weights)
    {
        var cumulated = new double[nodes];
        var sum = 0.0;
        for (var i = 0; i < nodes; i++)
            cumulated[i] = sum += weights is null ? 1 : weights[i];

        for (var i = 0; i < nodes; i++)
            cumulated[i] /= sum;

        return cumulated;
    }

    private static int Pick(double[] cumulated, double u)
    {
        var at = Array.BinarySearch(cumulated, u);
        return Math.Min(at < 0 ? ~at : at + 1, cumulated.Length - 1);
    }
}
