using System.Globalization;

namespace Isobar.Simulation.Workloads;

/// <summary>
/// Workloads by a short text, as a person types it: a kind, and parameters after a colon. Examples: "poisson:load=0.7,law=pareto",
/// "trace:processes.csv#2", "swf:log.swf.xz", "amir", "mixed:load=0.6".
/// </summary>
public sealed class WorkloadCatalog
{
    /// <summary>All kinds with a line each, for lists.</summary>
    public static IReadOnlyList<(string Name, string Parameters, string Summary)> Kinds { get; } =
    [
        ("trace", "FILE[#RUN]", "a process trace in CSV (arrival_s,host,cpu_s,name,...), plain or .xz; also what --record writes"),
        ("swf", "FILE[#LIMIT]", "a Standard Workload Format log, plain or .xz, as processes"),
        ("poisson", "load=0.7,law=pareto|exponential|hyperexponential|constant,mean=1,variation=10,tail=1,skew=0", "Poisson arrivals; skew 0..1 makes some nodes busier"),
        ("bursts", "gaps=hyperexponential|pareto|constant,gapvariation=10,gaptail=1.5, and as poisson", "arrivals in bursts and silences"),
        ("amir", "gap=10,cpu=2,memory=1", "six machines, demand cpu/U s, memory memory/U % (Amir et al. 2000)"),
        ("fork-trees", "trees=40,depth=3,fanout=3,mean=2,gap=10", "processes that fork while they run"),
        ("mixed", "load=0.6", "compute, memory-hungry and I/O-bound by thirds; the first third of the nodes overcommits"),
        ("heap", "jobs=30,total=360,sigma=1", "jobs of log-normal demands, total CPU s together, handed in at once at the first node"),
        ("flash-crowd", "load=0.3,crowd=100,at=60,law=pareto,mean=2", "a quiet cluster and a sudden crowd at one node"),
    ];

    private readonly string _kind;
    private readonly string _rest;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private WorkloadCatalog(string spec)
    {
        var colon = spec.IndexOf(':', StringComparison.Ordinal);
        _kind = colon < 0 ? spec : spec[..colon];
        _rest = colon < 0 ? "" : spec[(colon + 1)..];
        if (_kind is "trace" or "swf")
            return;

        foreach (var part in _rest.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw new SimulationException($"In workload {spec}, {part} is no parameter; write name=value.");

            _values[part[..equals]] = part[(equals + 1)..];
        }
    }

    /// <summary>Makes the workload that a text names.</summary>
    /// <param name="spec">The text.</param>
    /// <param name="nodes">Number of nodes; zero: what the workload itself implies, else 16.</param>
    /// <param name="seconds">Length of generated workloads in virtual seconds.</param>
    /// <param name="seed">Seed of generated workloads.</param>
    public static Workload Make(string spec, int nodes, double seconds, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var catalog = new WorkloadCatalog(spec);
        var workload = catalog.Make(nodes, seconds, seed);
        var unknown = catalog._values.Keys.Except(catalog._used).FirstOrDefault();
        if (unknown is not null)
            throw new SimulationException($"Workload {catalog._kind} has no parameter {unknown}; see isobar sim list.");

        return workload.Validated();
    }

    private Workload Make(int nodes, double seconds, ulong seed)
    {
        var n = nodes > 0 ? nodes : 16;
        switch (_kind)
        {
            case "trace":
                var (file, run) = FileAndNumber();
                return ProcessTrace.Read(file, Math.Max(0, run), nodes);
            case "swf":
                var (log, limit) = FileAndNumber();
                return StandardWorkloadFormat.ReadProcesses(log, n, limit < 0 ? 20000 : limit);
            case "poisson":
                return Generators.Poisson(n, Number("load", 0.7), Law(1), seconds, seed, Weights(n, Number("skew", 0)));
            case "bursts":
                return Generators.Renewal(
                    n, Number("load", 0.7), Law(1), Law("gaps", "hyperexponential", "gapvariation", "gaptail", 1.5), seconds, seed, Weights(n, Number("skew", 0)));
            case "heap":
                return Generators.Heap((int)Number("jobs", 30), n, Number("total", 360), Number("sigma", 1), seed);
            case "amir":
                return Generators.Amir(nodes > 0 ? nodes : 6, seconds, seed, Number("gap", 10), cpu: Number("cpu", 2), memory: Number("memory", 1));
            case "fork-trees":
                return Generators.ForkTrees(
                    n, (int)Number("trees", 40), (int)Number("depth", 3), (int)Number("fanout", 3), Number("mean", 2), Number("gap", 10), seed);
            case "mixed":
                return Generators.Mixed(n, Number("load", 0.6), seconds, seed);
            case "flash-crowd":
                return Generators.FlashCrowd(n, Number("load", 0.3), seconds, Number("at", 60), (int)Number("crowd", 100), Law(2), seed);
            default:
                throw new SimulationException($"There is no workload {_kind}; there are {string.Join(", ", Kinds.Select(kind => kind.Name))}.");
        }
    }

    private LifetimeLaw Law(double mean) => Law("law", "pareto", "variation", "tail", 1) with { Mean = Number("mean", mean) };

    private LifetimeLaw Law(string name, string usual, string variation, string tail, double usualTail)
    {
        var text = Text(name, usual);
        if (!Enum.TryParse<LifetimeShape>(text, ignoreCase: true, out var shape))
            throw new SimulationException($"There is no law {text}; there are exponential, pareto, hyperexponential and constant.");

        var parameter = shape switch
        {
            LifetimeShape.Hyperexponential => Number(variation, 10),
            LifetimeShape.Pareto => Number(tail, usualTail),
            _ => 1,
        };
        if (parameter <= 0 || (shape == LifetimeShape.Hyperexponential && parameter < 1))
            throw new SimulationException($"Parameter {(shape == LifetimeShape.Pareto ? tail : variation)} of workload {_kind} is {parameter.ToString(CultureInfo.InvariantCulture)}; a tail is above 0, a variation at least 1.");

        return new LifetimeLaw(shape, 1, parameter);
    }

    /// <summary>Loads that fall linearly from 1 + skew to 1 - skew over the nodes.</summary>
    private static double[]? Weights(int nodes, double skew) => skew == 0 || nodes == 1
        ? null
        : [.. Enumerable.Range(0, nodes).Select(i => 1 + skew * (1 - 2.0 * i / (nodes - 1)))];

    private (string File, int Number) FileAndNumber()
    {
        if (_rest.Length == 0)
            throw new SimulationException($"Workload {_kind} needs a file; write {_kind}:FILE.");

        var hash = _rest.LastIndexOf('#');
        if (hash < 0)
            return (_rest, -1);

        return int.TryParse(_rest.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (_rest[..hash], number)
            : throw new SimulationException($"After # in {_rest} there must be a number.");
    }

    private string Text(string name, string absent)
    {
        _used.Add(name);
        return _values.GetValueOrDefault(name, absent);
    }

    private double Number(string name, double absent)
    {
        var text = Text(name, "");
        if (text.Length == 0)
            return absent;

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new SimulationException($"Parameter {name} of workload {_kind} is {text}; it must be a number.");
    }
}
