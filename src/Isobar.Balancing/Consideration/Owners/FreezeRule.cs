using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>
/// MOSIX2's freezing of a class of jobs [systems.md A9, freeze.conf]: above the red mark the least important, latest come are frozen, below the blue mark the
/// longest frozen are thawed; who is evacuated to a node above its automatic mark comes frozen; waiting ones take turns with the longest running. Sample:
/// class 1, units 0, red 6, blue 4, auto home 0, auto cluster 4, keep 0, max -1, slice 10 min. The order of details is from memory there.
/// </summary>
public sealed class FreezeRule : ConsiderationRule
{
    private static readonly ReasonForm Red = new("freeze", "{job} is frozen: {a} run here, the red mark is {b}", "running red");
    private static readonly ReasonForm Blue = new("freeze", "{job} is thawed: {a} run here, the blue mark is {b}", "running blue");
    private static readonly ReasonForm TurnEnds = new("freeze", "{job} is frozen: its turn of {a} min is over and {b} wait", "minutes waiting");
    private static readonly ReasonForm TurnBegins = new("freeze", "{job} is thawed: it waited for {a} s and takes its turn", "waited");
    private static readonly ReasonForm ComesFrozen = new("freeze", "{node} takes {job} frozen: {a} run there, more than {b}", "running limit");

    private readonly Settings _settings;
    private Instant _turn = Instant.Never;

    public FreezeRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "freeze",
        "Freezes jobs above a red mark, thaws them below a blue one",
        "MOSIX2 freeze.conf",
        [
            PolicyParameter.Number("red", 6, 0, 1e6, "Above this it freezes: 6 in the sample"),
            PolicyParameter.Number("blue", 4, 0, 1e6, "Below this it thaws: 4 in the sample"),
            PolicyParameter.Number("autoHome", 0, 0, 1e6, "Above this a job that is evacuated to its home comes frozen: 0 in the sample"),
            PolicyParameter.Number("autoCluster", 4, 0, 1e6, "Above this a job that is evacuated to another node comes frozen: 4 in the sample"),
            PolicyParameter.Whole("minKeep", 0, 0, 1000000, "So many are kept running: 0 in the sample"),
            PolicyParameter.Whole("maxRunning", -1, -1, 1000000, "The most that run; -1 = no limit, as in the sample"),
            PolicyParameter.Number("sliceMinutes", 10, 0, 1e6, "A turn when jobs wait; 0 = no turns; 10 in the sample"),
            PolicyParameter.Switch("unitsAreLoad", false, "The marks count load instead of processes (units 1)"),
            PolicyParameter.Whole("fromPriority", 1, 0, 255, "Class: jobs with this priority or a larger number, and guests"),
        ],
        values =>
        {
            var settings = new Settings(
                values["red"],
                values["blue"],
                values["autoHome"],
                values["autoCluster"],
                values.Whole("minKeep"),
                values.Whole("maxRunning"),
                values["sliceMinutes"],
                values.On("unitsAreLoad"),
                values.Whole("fromPriority"));
            if (settings.Blue > settings.Red)
                throw new BalancingException($"freeze: the blue mark ({settings.Blue}) is above the red mark ({settings.Red}); jobs would be frozen and thawed in turn for ever.");
            return _ => new FreezeRule(settings);
        });

    public override string Name => "freeze";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        int count = Count(in snapshot, plan, JobFlags.None);
        double measure = Measure(in snapshot, count);
        while (measure > _settings.Red && count > _settings.MinKeep)
        {
            int victim = LeastImportant(in snapshot, plan);
            if (victim < 0)
                break;
            plan.Act(ActionKind.Freeze, in snapshot.Jobs[victim], Red.With(snapshot.Jobs[victim].Id, snapshot.Self.Node, measure, _settings.Red));
            measure--;
            count--;
        }

        while (measure < _settings.Blue && (_settings.MaxRunning < 0 || count < _settings.MaxRunning))
        {
            int next = LongestFrozen(in snapshot, plan);
            if (next < 0)
                break;
            plan.Act(ActionKind.Thaw, in snapshot.Jobs[next], Blue.With(snapshot.Jobs[next].Id, snapshot.Self.Node, measure, _settings.Blue));
            measure++;
            count++;
        }

        TakeTurns(in snapshot, plan);
        return false;
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        if (!offer.Forced)
            return false;
        int count = 0;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
            count += IsOfClass(in job) && job.IsRunning ? 1 : 0;
        double running = Measure(in snapshot, count);
        double limit = offer.Job.Home == snapshot.Self.Node ? _settings.AutoHome : _settings.AutoCluster;
        if (running <= limit)
            return false;
        acceptance = new(true, true, ComesFrozen.With(offer.Job.Id, snapshot.Self.Node, running, limit));
        return true;
    }

    private void TakeTurns(in Snapshot snapshot, Plan plan)
    {
        int waiting = Count(in snapshot, plan, JobFlags.Frozen);
        bool full = waiting > 0 && _settings.SliceMinutes > 0;
        if (!full)
        {
            _turn = snapshot.Now;
            return;
        }

        if (_turn == Instant.Never)
            _turn = snapshot.Now;
        if (snapshot.Now - _turn < _settings.SliceMinutes * 60)
            return;
        _turn = snapshot.Now;
        int longest = LongestRunning(in snapshot, plan);
        int frozen = LongestFrozen(in snapshot, plan);
        if (longest < 0 || frozen < 0)
            return;
        ref readonly JobInfo ends = ref snapshot.Jobs[longest];
        ref readonly JobInfo begins = ref snapshot.Jobs[frozen];
        plan.Act(ActionKind.Freeze, in ends, TurnEnds.With(ends.Id, ends.Node, _settings.SliceMinutes, waiting));
        plan.Act(ActionKind.Thaw, in begins, TurnBegins.With(begins.Id, begins.Node, snapshot.Now - begins.StateSince));
    }

    private double Measure(in Snapshot snapshot, int count) => _settings.UnitsAreLoad ? snapshot.State.LocalLoad : count;

    private bool IsOfClass(in JobInfo job) => job.Priority >= _settings.FromPriority || job.IsGuest;

    private int Count(in Snapshot snapshot, Plan plan, JobFlags state)
    {
        int count = 0;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            bool inState = state == JobFlags.None ? job.IsRunning : job.Has(state);
            if (inState && IsOfClass(in job) && !plan.Concerns(job.Id))
                count++;
        }

        return count;
    }

    // Largest priority number first, then the one that came last.
    private int LeastImportant(in Snapshot snapshot, Plan plan)
    {
        int found = -1;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            if (!job.IsRunning || job.Has(JobFlags.NeverSuspend) || !IsOfClass(in job) || plan.Concerns(job.Id))
                continue;
            bool less = found < 0 || job.Priority > snapshot.Jobs[found].Priority
                || (job.Priority == snapshot.Jobs[found].Priority && job.ArrivedHere > snapshot.Jobs[found].ArrivedHere);
            if (less)
                found = i;
        }

        return found;
    }

    private int LongestFrozen(in Snapshot snapshot, Plan plan)
    {
        int found = -1;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            bool longer = job.Has(JobFlags.Frozen) && (found < 0 || job.StateSince < snapshot.Jobs[found].StateSince);
            if (longer && IsOfClass(in job) && !plan.Concerns(job.Id))
                found = i;
        }

        return found;
    }

    private int LongestRunning(in Snapshot snapshot, Plan plan)
    {
        int found = -1;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            bool longer = job.IsRunning && !job.Has(JobFlags.NeverSuspend) && (found < 0 || job.ArrivedHere < snapshot.Jobs[found].ArrivedHere);
            if (longer && IsOfClass(in job) && !plan.Concerns(job.Id))
                found = i;
        }

        return found;
    }

    public sealed record Settings(
        double Red,
        double Blue,
        double AutoHome,
        double AutoCluster,
        int MinKeep,
        int MaxRunning,
        double SliceMinutes,
        bool UnitsAreLoad,
        int FromPriority);
}
