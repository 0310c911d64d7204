using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Memory;

/// <summary>
/// Memory ushering (Barak and Braverman; MOSIX, openMosix): below a threshold of free memory a job is chosen by its memory, not its CPU, and the target by its
/// free memory, even if the load gets uneven; this overrides balancing [review; systems.md A3b]. The smallest job that cures the want goes,
/// else the largest.
/// </summary>
/// <remarks>
/// <c>aheadSeconds</c>: a threshold that is passed is too late when memory fills faster than a job leaves, so what will be filled within the time of a move counts as filled, and what is
/// leaving already as free. <c>arrivalMiB</c>: what a target needs beside the job's memory while it arrives. An image that is given back as it is read costs no second copy, only what is
/// read at once.
/// </remarks>
public sealed class MemoryUsheringRule : ConsiderationRule
{
    private static readonly ReasonForm Moves = new(
        "memory-ushering",
        "{job} moves to {node}: {a} MiB are free here or will be, {b} must be; it holds {c} MiB, there {d} are free",
        "free threshold resident there");

    private static readonly ReasonForm NoRoom = new(
        "memory-ushering", "memory is short ({a} MiB free, {b} must be), but no node has room for a job that may leave", "free threshold");

    private static readonly ReasonForm Refuses = new(
        "memory-ushering", "{node} refuses {job}: it needs {a} MiB, {b} are free, and {c} must stay free", "resident free threshold");

    private const double MiB = 1 << 20;

    private readonly Settings _settings;

    public MemoryUsheringRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "memory-ushering",
        "Short of memory: a job goes where memory is free, whatever the load",
        "Barak, Braverman 1997; openMosix; Kerrighed's low memory limit",
        [
            PolicyParameter.Number("freeShare", 0.05, 0, 1, "Threshold of free memory as a share of all; unknown in openMosix (Kerrighed: twice the zones' low marks)"),
            PolicyParameter.Number("freeMiB", 0, 0, 1e9, "The same in MiB; the larger of the two counts"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours"),
            PolicyParameter.Number("aheadSeconds", 0, 0, 3600, "What fills up within this time at the present rate counts as filled, what leaves as free; ours"),
            PolicyParameter.Number("arrivalMiB", 0, 0, 1e6, "MiB that a target must have beside a job's memory while it arrives; ours"),
        ],
        values =>
        {
            var settings = new Settings(values["freeShare"], values["freeMiB"], values["maxAgeSeconds"], values["aheadSeconds"], values["arrivalMiB"]);

            // Without state of its own: all nodes of a simulation share one.
            var rule = new MemoryUsheringRule(settings);
            return _ => rule;
        });

    public override string Name => "memory-ushering";

    private double ArrivalBytes => _settings.ArrivalMiB * MiB;

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ref readonly NodeState state = ref snapshot.State;
        if (state.TotalMemoryBytes == 0)
            return false;
        double threshold = Threshold(state.TotalMemoryBytes);
        double free = FreeSoon(in snapshot);
        if (free >= threshold)
            return false;
        double need = threshold - free;
        int job = Choose(in snapshot, plan, need, out int target);
        if (job < 0)
        {
            plan.Stay(NoRoom.With(default, snapshot.Self.Node, free / MiB, threshold / MiB));
            return true;
        }

        ref readonly LoadEntry to = ref snapshot.Others[target];
        ref readonly JobInfo chosen = ref snapshot.Jobs[job];
        plan.Move(
            in chosen,
            to.Node,
            Moves.With(chosen.Id, to.Node, free / MiB, threshold / MiB, chosen.ResidentBytes / MiB, to.FreeMemoryMiB));
        return true;
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        ref readonly NodeState state = ref snapshot.State;
        double threshold = Threshold(state.TotalMemoryBytes);
        if (state.TotalMemoryBytes == 0 || HasRoom(FreeSoon(in snapshot), offer.Job.ResidentBytes, threshold))
            return false;
        Reason reason = Refuses.With(
            offer.Job.Id, snapshot.Self.Node, offer.Job.ResidentBytes / MiB, state.FreeMemoryBytes / MiB, threshold / MiB);
        acceptance = new(false, false, reason);
        return true;
    }

    private bool HasRoom(double free, long bytes, double threshold) => free - bytes >= Math.Max(threshold, ArrivalBytes);

    private double FreeSoon(in Snapshot snapshot)
    {
        double free = snapshot.State.FreeMemoryBytes;
        if (_settings.AheadSeconds <= 0)
            return free;
        free -= Math.Max(0, snapshot.State.MemoryFillBytesPerSecond) * _settings.AheadSeconds;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
            free += job.Has(JobFlags.Moving) ? job.ResidentBytes : 0;
        return free;
    }

    private double Threshold(long total) => Math.Max(_settings.FreeShare * total, _settings.FreeMiB * MiB);

    // The smallest one that cures the want, else the largest; only with a node that has room for it.
    private int Choose(in Snapshot snapshot, Plan plan, double need, out int target)
    {
        int best = -1;
        target = -1;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            if (!job.CanLeave || job.Has(JobFlags.Frozen) || plan.Concerns(job.Id))
                continue;
            if (best >= 0 && !IsBetter(job.ResidentBytes, snapshot.Jobs[best].ResidentBytes, need))
                continue;
            int to = LeastLoadedWithRoom(in snapshot, in job);
            if (to >= 0)
                (best, target) = (i, to);
        }

        return best;
    }

    private static bool IsBetter(long bytes, long best, double need)
    {
        bool cures = bytes >= need;
        bool bestCures = best >= need;
        if (cures != bestCures)
            return cures;
        return cures ? bytes < best : bytes > best;
    }

    private int LeastLoadedWithRoom(in Snapshot snapshot, in JobInfo job)
    {
        int best = -1;
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            bool room = entry.TotalMemoryMiB > 0 && entry.FreeMemoryBytes - job.ResidentBytes > Threshold(entry.TotalMemoryBytes)
                && entry.FreeMemoryBytes - job.ResidentBytes >= ArrivalBytes;
            bool better = best < 0 || entry.Load < snapshot.Others[best].Load;
            if (room && better && Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds))
                best = i;
        }

        return best;
    }

    public sealed record Settings(double FreeShare, double FreeMiB, double MaxAgeSeconds, double AheadSeconds, double ArrivalMiB);
}
