using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// For work that is handed in as a heap: jobs that have turned out to be long run in turn instead of all at once. While a user's older jobs have tasks for every core of this node,
/// his others stand in the background and get what those leave; jobs that are still young run beside them, as in foreground-background processing
/// (Kleinrock, Muntz 1972), so that short ones are not kept waiting.
/// </summary>
/// <remarks>
/// Lifetimes of processes fall as 1/t (Harchol-Balter, Downey 1997): the older a job, the longer it will still take. When all share alike, the longest are all left at the end, and there are fewer of
/// them than machines; the oldest first, they are begun in time. What it costs is that others wait meanwhile, so each user has a turn of his own, and it is not the default.
/// No job ever stands still for it, and an idle core is always used.
/// </remarks>
public sealed class InTurnRule : ConsiderationRule
{
    private static readonly ReasonForm Waits = new(
        "in-turn", "{job} runs in the background: {a} tasks of older jobs of its user are here, for {b} cores; its own age is {c} s", "older cores age");

    private static readonly ReasonForm Begins = new("in-turn", "{job} has its turn: {a} tasks of older jobs of its user are here, for {b} cores", "older cores");

    // A smoothed number of tasks never quite gets to the whole; and who has begun to wait does not change for a moment's pause of the others.
    private const double Enters = 0.25;
    private const double Leaves = 0.75;

    private readonly double _youngSeconds;

    public InTurnRule(double youngSeconds) => _youngSeconds = youngSeconds;

    public static Policy<RuleFactory> Policy { get; } = new(
        "in-turn",
        "Jobs that turn out to be long run in turn, the oldest first",
        "Kleinrock, Muntz 1972 (foreground-background); ours",
        [PolicyParameter.Number("youngSeconds", 2, 0, 1e9, "CPU seconds up to which a job waits for none; ours")],
        values =>
        {
            // Without state of its own: all nodes of a simulation share one.
            var rule = new InTurnRule(values["youngSeconds"]);
            return _ => rule;
        });

    public override string Name => "in-turn";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        int cores = Math.Max(1, (int)snapshot.Self.Cores);
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (!job.IsRunning || plan.Concerns(job.Id))
                continue;
            double before = TasksBefore(snapshot.Jobs, in job);
            double full = cores - (job.Has(JobFlags.Background) ? Leaves : Enters);
            bool waits = before >= full && job.CpuSeconds >= _youngSeconds && !job.Has(JobFlags.NeverSuspend);
            if (waits == job.Has(JobFlags.Background))
                continue;
            if (waits)
                plan.Act(ActionKind.Background, in job, Waits.With(job.Id, snapshot.Self.Node, before, cores, job.CpuSeconds));
            else
                plan.Act(ActionKind.Foreground, in job, Begins.With(job.Id, snapshot.Self.Node, before, cores));
        }

        return false;
    }

    // Tasks of the same user's running jobs that go first: more important ones, and of equals the older. Half a task is a job that waits for something else half of the time.
    private static double TasksBefore(ReadOnlySpan<JobInfo> jobs, in JobInfo job)
    {
        double tasks = 0;
        foreach (ref readonly JobInfo other in jobs)
            tasks += GoesBefore(in other, in job) ? other.Tasks : 0;
        return tasks;
    }

    private static bool GoesBefore(in JobInfo other, in JobInfo job)
    {
        if (!other.IsRunning || other.Id == job.Id || other.User != job.User)
            return false;
        if (other.Priority != job.Priority)
            return other.Priority < job.Priority;
        return other.CpuSeconds > job.CpuSeconds || (other.CpuSeconds == job.CpuSeconds && other.Id.Value < job.Id.Value);
    }
}
