using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// The work goes to its data: a job starts at its home, and one that reads and writes much through its home goes back there. Guide ships the call to the
/// object [systems.md S8]; MOSIX' direct file access moves I/O-bound processes to the file server [G9]. The least rate is unknown.
/// </summary>
public sealed class DataAffinityRule : ConsiderationRule
{
    private static readonly ReasonForm Starts = new("data-affinity", "{job} starts on {node}, where its files are");

    private static readonly ReasonForm Returns = new(
        "data-affinity", "{job} moves to its home {node}: it moves {a} MB/s of files over the link, more than {b}", "rate limit");

    private readonly Settings _settings;

    public DataAffinityRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "data-affinity",
        "Work goes to its data: start at home, return home when I/O is heavy",
        "Guide (Balter et al. 1991); DFSA (Amar, Barak, Shiloh 2004)",
        [
            PolicyParameter.Number("megabytesPerSecond", 20, 0, 1e6, "File traffic with the home from which a job returns; unknown"),
            PolicyParameter.Number("minSecondsHere", 5, 0, 86400, "Seconds that a job must have been here; ours"),
            PolicyParameter.Switch("placeAtHome", true, "New jobs start at their home"),
        ],
        values =>
        {
            var settings = new Settings(values["megabytesPerSecond"], values["minSecondsHere"], values.On("placeAtHome"));
            return _ => new DataAffinityRule(settings);
        });

    public override string Name => "data-affinity";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        placement = new(job.Home, NodeId.None, Starts.With(job.Id, job.Home));
        return _settings.PlaceAtHome;
    }

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            double rate = job.HomeIoBytesPerSecond / 1e6;
            bool heavy = job.IsGuest && rate > _settings.MegabytesPerSecond;
            if (!heavy || !JobChoice.IsCandidate(in snapshot, in job, plan, _settings.MinSecondsHere))
                continue;
            int home = Targets.Find(in snapshot, job.Home);
            bool closed = home >= 0 && snapshot.Others[home].Has(NodeFlags.Dead);
            if (!closed)
                plan.Move(in job, job.Home, Returns.With(job.Id, job.Home, rate, _settings.MegabytesPerSecond));
        }

        return false;
    }

    public sealed record Settings(double MegabytesPerSecond, double MinSecondsHere, bool PlaceAtHome);
}
