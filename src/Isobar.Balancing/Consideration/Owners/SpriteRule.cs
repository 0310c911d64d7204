using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>
/// Sprite's host: takes guests after 30 s without input while all three average queue lengths are at most 0.75, 1.0, 1.5; stops taking them when input returns or
/// any average less its low-priority part exceeds 2.5, 2.75, 3.0; and when input returns, all guests go home [systems.md S13.3, A7: migd.c].
/// Load alone never evicts. New jobs go to the host that is idle for longest, a host without guests before one with room left [global.c].
/// </summary>
public sealed class SpriteRule : ConsiderationRule
{
    private static readonly ReasonForm Evicts = new(
        "sprite", "{job} moves to its home {node}: input returned {a} s ago to a host that was idle for {b} s", "input-seconds idle-seconds");

    private static readonly ReasonForm Busy = new(
        "sprite", "{node} refuses {job}: {a} s since input (at least {b}), load averages from {c}", "input-seconds needed load");

    private static readonly ReasonForm Idlest = new(
        "sprite", "{job} starts on {node}, idle for {a} s, the longest of {b} hosts that take guests; {c} guests there", "idle-seconds hosts guests");

    private readonly Settings _settings;
    private bool _accepts;
    private double _idleBefore;
    private Instant _evictsUntil = Instant.Never;

    public SpriteRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "sprite",
        "Idle hosts take guests, longest idle first; input sends them home",
        "Sprite migd (Douglis, Ousterhout 1991)",
        [
            PolicyParameter.Number("noInputSeconds", 30, 0, 86400, "Seconds without input before guests are taken: Sprite 30"),
            PolicyParameter.Number("minShort", 0.75, 0, 1000, "1-minute queue length up to which it starts to take guests"),
            PolicyParameter.Number("minMedium", 1.0, 0, 1000, "5-minute queue length"),
            PolicyParameter.Number("minLong", 1.5, 0, 1000, "15-minute queue length"),
            PolicyParameter.Number("maxShort", 2.5, 0, 1000, "1-minute queue length above which it stops to take guests"),
            PolicyParameter.Number("maxMedium", 2.75, 0, 1000, "5-minute queue length"),
            PolicyParameter.Number("maxLong", 3.0, 0, 1000, "15-minute queue length"),
            PolicyParameter.Switch("onlyWhenBusy", false, "Start elsewhere only when no core is free here; in Sprite pmake and migrate always ask"),
            PolicyParameter.Number("evictSeconds", 300, 0, 1e6, "How long an eviction is tried: 300 s"),
            PolicyParameter.Number("maxAgeSeconds", 180, 0, 1e6, "A host silent for so long is down: MIG_TIMEOUT"),
        ],
        values =>
        {
            var settings = new Settings
            {
                NoInputSeconds = values["noInputSeconds"],
                Min = (values["minShort"], values["minMedium"], values["minLong"]),
                Max = (values["maxShort"], values["maxMedium"], values["maxLong"]),
                OnlyWhenBusy = values.On("onlyWhenBusy"),
                EvictSeconds = values["evictSeconds"],
                MaxAgeSeconds = values["maxAgeSeconds"],
            };
            if (settings.Min.Short > settings.Max.Short || settings.Min.Medium > settings.Max.Medium || settings.Min.Long > settings.Max.Long)
                throw new BalancingException("sprite: a queue length to start taking guests is above the one to stop; each min must be at most its max.");
            return _ => new SpriteRule(settings);
        });

    public override string Name => "sprite";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Update(in snapshot);
        double idle = snapshot.State.OwnerIdleSeconds;
        bool present = idle < _settings.NoInputSeconds;
        if (!present)
        {
            _evictsUntil = Instant.Never;
            _idleBefore = idle;
        }
        else if (trigger == Trigger.OwnerReturned || (_evictsUntil == Instant.Never && HasGuest(in snapshot)))
        {
            // Not at the change itself: a guest may have come in the very second in which the owner did, and nobody looks at the rules of a machine without jobs.
            _evictsUntil = snapshot.Now + _settings.EvictSeconds;
        }

        // A move that waited for its turn or failed is tried again until the deadline.
        if (!present || _evictsUntil == Instant.Never || snapshot.Now > _evictsUntil)
            return false;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (job.IsGuest && job.CanLeave && !plan.Concerns(job.Id))
                plan.Move(in job, job.Home, Evicts.With(job.Id, job.Home, idle, _idleBefore));
        }

        return true;
    }

    public override NodeFlags Advertise(in Snapshot snapshot)
    {
        NodeFlags owner = snapshot.State.OwnerIdleSeconds < _settings.NoInputSeconds ? NodeFlags.OwnerPresent : NodeFlags.None;
        return _accepts ? owner : owner | NodeFlags.Blocked;
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        Update(in snapshot);

        // Home always takes its own jobs back.
        if (_accepts || offer.Job.Home == snapshot.Self.Node)
            return false;
        Reason reason = Busy.With(
            offer.Job.Id, snapshot.Self.Node, snapshot.State.OwnerIdleSeconds, _settings.NoInputSeconds, snapshot.State.LocalLoad);
        acceptance = new(false, false, reason);
        return true;
    }

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        placement = default;
        if (_settings.OnlyWhenBusy && snapshot.State.ReadyNow < snapshot.Self.Cores)
            return false;
        int best = -1;
        int hosts = 0;
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            bool takes = Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds)
                && entry.OwnerIdleSeconds >= _settings.NoInputSeconds && entry.Guests < entry.Cores;
            if (!takes)
                continue;
            hosts++;
            if (best < 0 || IsIdler(in entry, in snapshot.Others[best]))
                best = i;
        }

        if (best < 0)
            return false;
        ref readonly LoadEntry chosen = ref snapshot.Others[best];
        placement = new(chosen.Node, NodeId.None, Idlest.With(job.Id, chosen.Node, chosen.OwnerIdleSeconds, hosts, chosen.Guests));
        return true;
    }

    private static bool IsIdler(in LoadEntry entry, in LoadEntry best)
    {
        bool free = entry.Guests == 0;
        bool bestFree = best.Guests == 0;
        return free != bestFree ? free : entry.OwnerIdleSeconds > best.OwnerIdleSeconds;
    }

    private static bool HasGuest(in Snapshot snapshot)
    {
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (job.IsGuest)
                return true;
        }

        return false;
    }

    private void Update(in Snapshot snapshot)
    {
        ref readonly NodeState state = ref snapshot.State;
        bool idle = state.OwnerIdleSeconds >= _settings.NoInputSeconds;
        if (_accepts)
        {
            double low = state.LowPriorityLoad;
            _accepts = idle && state.LocalLoad - low <= _settings.Max.Short && state.MediumLoad - low <= _settings.Max.Medium
                && state.SlowLoad - low <= _settings.Max.Long;
        }
        else
        {
            _accepts = idle && state.LocalLoad <= _settings.Min.Short && state.MediumLoad <= _settings.Min.Medium
                && state.SlowLoad <= _settings.Min.Long;
        }
    }

    public sealed record Settings
    {
        public double NoInputSeconds { get; init; }

        public (double Short, double Medium, double Long) Min { get; init; }

        public (double Short, double Medium, double Long) Max { get; init; }

        public bool OnlyWhenBusy { get; init; }

        public double EvictSeconds { get; init; }

        public double MaxAgeSeconds { get; init; }
    }
}
