using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Placing;

/// <summary>
/// Concert (Anthony and Anane): a program's needs are learnt at its ends, and its next run starts where the predicted response is least; nothing is moved
/// later [systems.md S14; the formula is ours: CPU seconds x slowdown there + the cost of a remote start + its I/O over the link if it is not at home].
/// A job's own estimate (<see cref="JobInfo.ExpectedCpuSeconds"/>) goes before what was learnt.
/// </summary>
public sealed class SignatureRule : ConsiderationRule
{
    private static readonly ReasonForm Predicted = new(
        "signatures",
        "{job} starts on {node}: needing {a} CPU s by its {d} known runs, it should take {b} s there and {c} s here",
        "cpu there here runs");

    private static readonly ReasonForm Unknown = new(
        "signatures",
        "{job} starts on {node}: too little is known of its program, and if it needs {a} CPU s, it should take {b} s there and {c} s here",
        "cpu there here runs");

    private readonly Settings _settings;
    private SignatureStore? _store;

    public SignatureRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "signatures",
        "Learns what programs need and starts them where they should end first",
        "Concert (Anthony, Anane 2000-03)",
        [
            PolicyParameter.Number("minCpuSeconds", 0, 0, 1e9, "Programs that need less stay; 0 = the prediction alone decides"),
            PolicyParameter.Number("unknownCpuSeconds", 0, 0, 1e9, "What a program of fewer than minRuns runs is taken to need; 0 = it stays, since most are short"),
            PolicyParameter.Number("weight", 0.3, 0.001, 1, "Weight of a new run in the mean; unknown"),
            PolicyParameter.Whole("programs", 4096, 1, 1 << 24, "The most programs that are remembered"),
            PolicyParameter.Number("ioBytesPerSecond", 0, 0, 1e12, "Rate of file I/O to the home when it runs elsewhere; 0 = I/O does not count"),
            PolicyParameter.Switch("typical", false, "Predict by the geometric mean, which one long run among short ones does not raise; ours"),
            PolicyParameter.Whole("minRuns", 0, 0, 1000000, "Runs that must be known before a prediction counts; ours"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours"),
        ],
        values =>
        {
            var settings = new Settings(
                values["minCpuSeconds"],
                values["unknownCpuSeconds"],
                values["weight"],
                values.Whole("programs"),
                values["ioBytesPerSecond"],
                values.On("typical"),
                values.Whole("minRuns"),
                values["maxAgeSeconds"]);
            return _ => new SignatureRule(settings);
        });

    public override string Name => "signatures";

    /// <summary>What was learnt so far; made at the first end of a job.</summary>
    public SignatureStore Store => _store ??= new SignatureStore(_settings.Programs, _settings.Weight);

    public override void Learn(in JobEnd ended) => Store.Learn(in ended);

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        placement = default;
        Signature known = Predict(in job);
        double cpu = _settings.Typical ? known.TypicalCpuSeconds : known.CpuSeconds;
        if (cpu <= 0 || cpu < _settings.MinCpuSeconds)
            return false;
        NodeId node = snapshot.Self.Node;
        NodeId second = NodeId.None;
        double here = cpu * CpuShare.Slowdown(in snapshot.Self, snapshot.State.ReadyNow + 1);
        double best = snapshot.Self.Has(NodeFlags.Blocked) ? double.PositiveInfinity : here;
        int ties = 1;
        double io = _settings.IoBytesPerSecond > 0 ? known.HomeIoBytes / _settings.IoBytesPerSecond : 0;
        foreach (ref readonly LoadEntry entry in snapshot.Others)
        {
            if (!Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds) || !Targets.HasRoom(in entry, (long)known.ResidentBytes))
                continue;
            double there = cpu * CpuShare.Slowdown(in entry, entry.Ready + 1) + snapshot.Costs.PlacementSeconds
                + (entry.Node == job.Home ? 0 : io);
            if (there > best || (there == best && random.NextInt(++ties) != 0))
                continue;
            if (there < best)
                ties = 1;
            if (node != snapshot.Self.Node)
                second = node;
            (node, best) = (entry.Node, there);
        }

        bool isKnown = job.ExpectedCpuSeconds > 0 || (known.Runs > 0 && known.Runs >= _settings.MinRuns);
        placement = new(node, second, (isKnown ? Predicted : Unknown).With(job.Id, node, cpu, best, here, known.Runs));
        return true;
    }

    private Signature Predict(in JobInfo job)
    {
        Signature signature = default;
        bool known = job.Program != 0 && _store is not null && _store.TryGet(job.Program, out signature);
        if (job.ExpectedCpuSeconds > 0)
            return signature with { CpuSeconds = job.ExpectedCpuSeconds, TypicalCpuSeconds = job.ExpectedCpuSeconds };
        return known && signature.Runs >= _settings.MinRuns
            ? signature
            : new Signature(_settings.UnknownCpuSeconds, _settings.UnknownCpuSeconds, job.ResidentBytes, 0, signature.Runs);
    }

    public sealed record Settings(
        double MinCpuSeconds,
        double UnknownCpuSeconds,
        double Weight,
        int Programs,
        double IoBytesPerSecond,
        bool Typical,
        int MinRuns,
        double MaxAgeSeconds);
}
