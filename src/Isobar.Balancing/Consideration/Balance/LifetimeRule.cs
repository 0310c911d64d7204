using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// Harchol-Balter and Downey 1997: half of the processes that have used a CPU seconds will use a more, so a job is moved iff
/// age &gt; cost / (n - m), where n and m are the tasks at the source and, with the migrant, at the target [systems.md A5]. For cores of any number
/// and speed n and m are slowdowns (tasks per core over speed), which is the same for one standard core.
/// </summary>
/// <remarks>
/// The plain rule bounced one process 146 times on a real trace [scoreboard 1]. Damping: a job must have used <c>residence</c> times the
/// cost of its next move since it came. 0 is the rule as published.
/// </remarks>
public sealed class LifetimeRule : ConsiderationRule
{
    private static readonly ReasonForm Pays = new(
        "lifetime",
        "{job} moves to {node}: its age of {a} CPU s is more than the cost {b} s / (slowdown here {c} - there {d})",
        "age cost here there");

    private static readonly ReasonForm TooYoung = new(
        "lifetime",
        "{job} stays: its age of {a} CPU s is not more than the cost {b} s / (slowdown here {c} - at best {d})",
        "age cost here there");

    private static readonly ReasonForm Rests = new(
        "lifetime", "{job} stays: it used {a} CPU s since it came, and a move of {b} s needs {c} before the next one", "used cost needed");

    private static readonly ReasonForm TargetBusy = new(
        "lifetime", "{node} refuses {job}: age {a} CPU s is not more than the cost {b} s / (slowdown there {c} - here {d})", "age cost there here");

    private readonly Settings _settings;

    public LifetimeRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "lifetime",
        "Moves a job that is older than its move is worth",
        "Harchol-Balter, Downey 1997",
        [
            PolicyParameter.Number("residence", 0, 0, 1000, "Costs of the next move that a job must have used since it came; 0 as published, 5 damps [scoreboard 1]"),
            PolicyParameter.Switch("periodic", false, "Consider at every trigger, not only at arrivals; the paper: arrivals"),
            PolicyParameter.Switch("verify", false, "The target checks the criterion again with its own present load"),
            PolicyParameter.Number("maxAgeSeconds", 60, 0, 1e6, "Older news is not used"),
            PolicyParameter.Whole("movesAtOnce", 1, 1, 1000, "Jobs moved per consideration"),
        ],
        values =>
        {
            var settings = new Settings(
                values["residence"], values.On("periodic"), values.On("verify"), values["maxAgeSeconds"], values.Whole("movesAtOnce"));
            return _ => new LifetimeRule(settings);
        });

    public override string Name => "lifetime";

    /// <summary>The published criterion, strict: n and m as tasks or slowdowns.</summary>
    public static bool IsWorth(double age, double cost, double here, double there) => here > there && age > cost / (here - there);

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (trigger != Trigger.Arrival && !_settings.Periodic)
            return false;
        NodeId taken = NodeId.None;
        double leaving = 0;
        for (int i = 0; i < _settings.MovesAtOnce; i++)
        {
            if (!MoveBest(in snapshot, plan, ref taken, ref leaving))
                break;
        }

        return false;
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        if (!_settings.Verify || offer.Placement || offer.Forced)
            return false;
        double cost = snapshot.Costs.Seconds(offer.Job);
        double here = CpuShare.Slowdown(in snapshot.Self, snapshot.State.ReadyNow + snapshot.State.ArrivalsInProgress + Tasks(offer.Job));
        double there = 1 / offer.SourceShare;
        if (IsWorth(offer.Job.CpuSeconds, cost, there, here))
            return false;
        acceptance = new(false, false, TargetBusy.With(offer.Job.Id, snapshot.Self.Node, offer.Job.CpuSeconds, cost, there, here));
        return true;
    }

    private bool MoveBest(in Snapshot snapshot, Plan plan, ref NodeId taken, ref double leaving)
    {
        double tasks = snapshot.State.ReadyNow - leaving;
        double here = CpuShare.Slowdown(in snapshot.Self, tasks);
        int bestJob = -1;
        int bestTarget = -1;
        double bestBenefit = 0;
        ReadOnlySpan<JobInfo> jobs = snapshot.Jobs;
        for (int i = 0; i < jobs.Length; i++)
        {
            ref readonly JobInfo job = ref jobs[i];
            if (!job.IsMovable || plan.Concerns(job.Id))
                continue;
            int target = Targets.Fastest(in snapshot, Tasks(in job), job.ResidentBytes, _settings.MaxAgeSeconds, taken);
            if (target < 0)
                continue;
            double cost = snapshot.Costs.Seconds(in job);
            double there = CpuShare.Slowdown(in snapshot.Others[target], snapshot.Others[target].Ready + Tasks(in job));
            if (job.Moves > 0 && job.CpuSecondsHere < _settings.Residence * cost)
            {
                plan.Stay(Rests.With(job.Id, snapshot.Self.Node, job.CpuSecondsHere, cost, _settings.Residence * cost));
                continue;
            }

            double benefit = job.CpuSeconds * (here - there) - cost;
            if (!IsWorth(job.CpuSeconds, cost, here, there))
                plan.Stay(TooYoung.With(job.Id, snapshot.Self.Node, job.CpuSeconds, cost, here, there));
            else if (benefit > bestBenefit)
                (bestJob, bestTarget, bestBenefit) = (i, target, benefit);
        }

        if (bestJob < 0)
            return false;
        ref readonly JobInfo chosen = ref jobs[bestJob];
        ref readonly LoadEntry to = ref snapshot.Others[bestTarget];
        double slowdown = CpuShare.Slowdown(in to, to.Ready + Tasks(in chosen));
        plan.Move(in chosen, to.Node, Pays.With(chosen.Id, to.Node, chosen.CpuSeconds, snapshot.Costs.Seconds(in chosen), here, slowdown));
        taken = to.Node;
        leaving += Tasks(in chosen);
        return true;
    }

    private static double Tasks(in JobInfo job) => Math.Max(1, job.Tasks);

    public sealed record Settings(double Residence, bool Periodic, bool Verify, double MaxAgeSeconds, int MovesAtOnce);
}
