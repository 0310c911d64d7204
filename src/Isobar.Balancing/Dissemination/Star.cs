using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// A master in the middle. As "star" (OpenSSI): each node sends its load to the CLMS master, which sends all loads to all nodes
/// [systems.md S19.2]. As "central" (Condor, Sprite, GLUnix): nodes only report, and the manager alone knows and decides; a change of
/// flags (an owner came or went) or of "has guests" is reported at once [S13.2]. A silent master is replaced by the next of the roster.
/// </summary>
public sealed class Star : DisseminationProtocol
{
    private const int MaxEntriesPerMessage = 1024;

    private readonly Settings _settings;
    private Succession _succession;
    private LoadEntry[] _buffer = [];
    private Instant _reported = Instant.Never;
    private NodeFlags _reportedFlags;
    private bool _reportedGuests;

    public Star(NodeId self, Roster roster, Settings settings)
        : base(self, roster, new ClusterView(settings.Vector))
    {
        _settings = settings;
        _succession = new Succession(settings.TimeoutSeconds);
    }

    public static Policy<DisseminationFactory> ToAll { get; } = Make(
        "star", "Own load to the master, which sends all loads to all", "OpenSSI (CLMS), README-mosixll", 1, 10, true);

    public static Policy<DisseminationFactory> ToManager { get; } = Make(
        "central", "Own load to the manager, which keeps it", "Condor, Sprite migd, GLUnix", 60, 180, false);

    public override string Name => _settings.ToAll ? "star" : "central";

    public override double PeriodSeconds => _settings.TickSeconds;

    public NodeId Master
    {
        get
        {
            int index = _succession.Index(Roster.Count);
            return index < 0 ? NodeId.None : Roster[index];
        }
    }

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
        if (!HasOwn)
            return;
        _succession.OnTick(now, Roster.IndexOf(Self));
        LoadEntry own = Own;
        if (Master == Self)
        {
            if (_settings.ToAll)
                SendAll(outbox);
            else if (IsDue(now, in own))
                Acknowledge(now, outbox);
            return;
        }

        if (!IsDue(now, in own))
            return;
        _reported = now;
        _reportedFlags = own.Flags;
        _reportedGuests = own.Guests > 0;
        outbox.Send(Master, new LoadMessage(MessageKind.Report, new ReadOnlySpan<LoadEntry>(in own)));
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox)
    {
        Merge(message.Entries);
        if (message.Kind is MessageKind.Summary)
            _succession.OnHeard(now, Roster.IndexOf(from), Roster.Count);
    }

    private bool IsDue(Instant now, in LoadEntry own) =>
        now - _reported >= _settings.PeriodSeconds - _settings.TickSeconds * 0.5
        || (_settings.ReportChanges && (own.Flags != _reportedFlags || own.Guests > 0 != _reportedGuests));

    private void SendAll(IOutbox outbox)
    {
        if (_buffer.Length < View.Count + 1)
            _buffer = new LoadEntry[View.Count + 16];
        _buffer[0] = Own;
        View.Entries.CopyTo(_buffer.AsSpan(1));
        int count = View.Count + 1;
        for (int start = 0; start < count; start += MaxEntriesPerMessage)
        {
            var part = new LoadMessage(MessageKind.Summary, _buffer.AsSpan(start, Math.Min(MaxEntriesPerMessage, count - start)));
            ToOthers(in part, outbox);
        }
    }

    // The manager tells nobody loads, only that it lives.
    private void Acknowledge(Instant now, IOutbox outbox)
    {
        _reported = now;
        LoadEntry own = Own;
        _reportedFlags = own.Flags;
        _reportedGuests = own.Guests > 0;
        ToOthers(new LoadMessage(MessageKind.Summary, new ReadOnlySpan<LoadEntry>(in own)), outbox);
    }

    private void ToOthers(in LoadMessage message, IOutbox outbox)
    {
        for (int i = 0; i < Roster.Count; i++)
        {
            if (Roster[i] != Self)
                outbox.Send(Roster[i], in message);
        }
    }

    private static Policy<DisseminationFactory> Make(string name, string summary, string source, double period, double timeout, bool toAll) => new(
        name,
        summary,
        source,
        [
            PolicyParameter.Number("periodSeconds", period, 0.001, 86400, toAll ? "Seconds between two rounds; not known for OpenSSI, 1 s as MOSIX" : "Seconds between two reports: Sprite 60 s; Condor 120 s (remembered)"),
            PolicyParameter.Number("tickSeconds", Math.Min(period, 5), 0.001, 86400, "How often changes are looked for: Sprite 5 s"),
            PolicyParameter.Number("timeoutSeconds", timeout, 0.01, 1e6, toAll ? "Silence after which the next node is the master; ours" : "Silence after which the next node is the manager: Sprite MIG_TIMEOUT 180 s"),
            PolicyParameter.Switch("reportChanges", !toAll, "Report a change of owner, memory or guests at once: Sprite yes"),
            PolicyParameter.Whole("vector", 65536, 1, 1 << 24, "The most nodes that are remembered"),
        ],
        values =>
        {
            var settings = new Settings(
                values["periodSeconds"], values["tickSeconds"], values["timeoutSeconds"], values.On("reportChanges"), values.Whole("vector"), toAll);
            if (settings.TickSeconds > settings.PeriodSeconds)
                throw new BalancingException($"{name}: tickSeconds ({settings.TickSeconds}) is longer than periodSeconds ({settings.PeriodSeconds}); look at least once in a period.");
            if (settings.TimeoutSeconds <= settings.PeriodSeconds)
                throw new BalancingException($"{name}: timeoutSeconds ({settings.TimeoutSeconds}) must be longer than periodSeconds ({settings.PeriodSeconds}), or every master is given up at once.");
            return (self, roster) => new Star(self, roster, settings);
        });

    public sealed record Settings(
        double PeriodSeconds, double TickSeconds, double TimeoutSeconds, bool ReportChanges, int Vector, bool ToAll);
}
