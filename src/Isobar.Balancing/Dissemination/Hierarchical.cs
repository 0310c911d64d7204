using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// Two levels, as Hurricane's clusters [systems.md S9]: inside a group everybody knows everybody through the group's leader; of another group one
/// knows a single entry: its best member, with the group's mean load and the flag <see cref="NodeFlags.Aggregate"/>. The period between groups is
/// longer than inside. A silent leader is replaced by the next of the group.
/// </summary>
public sealed class Hierarchical : DisseminationProtocol
{
    private readonly Settings _settings;
    private readonly Dictionary<int, NodeId> _representatives = [];
    private Succession _succession;
    private LoadEntry[] _buffer = [];
    private Instant _outerSent = Instant.Never;

    public Hierarchical(NodeId self, Roster roster, Settings settings)
        : base(self, roster, new ClusterView(settings.Vector))
    {
        _settings = settings;
        _succession = new Succession(settings.TimeoutSeconds);
    }

    public static Policy<DisseminationFactory> Policy { get; } = new(
        "hierarchical",
        "Full knowledge inside a group, one aggregate per other group",
        "Hurricane (Unrau et al. 1995); periods ours",
        [
            PolicyParameter.Number("periodSeconds", 1, 0.001, 3600, "Seconds between two rounds inside a group; not known"),
            PolicyParameter.Number("outerPeriodSeconds", 5, 0.001, 86400, "Seconds between two aggregates to other groups; 'coarser' is all that is known"),
            PolicyParameter.Number("timeoutSeconds", 10, 0.01, 1e6, "Silence after which the next member leads; ours"),
            PolicyParameter.Whole("vector", 65536, 1, 1 << 24, "The most nodes that are remembered"),
        ],
        values =>
        {
            var settings = new Settings(values["periodSeconds"], values["outerPeriodSeconds"], values["timeoutSeconds"], values.Whole("vector"));
            if (settings.OuterPeriodSeconds < settings.PeriodSeconds)
                throw new BalancingException("hierarchical: outerPeriodSeconds is shorter than periodSeconds; the outer level must be the coarser one.");
            if (settings.TimeoutSeconds <= settings.PeriodSeconds)
                throw new BalancingException("hierarchical: timeoutSeconds must be longer than periodSeconds, or every leader is given up at once.");
            return (self, roster) => new Hierarchical(self, roster, settings);
        });

    public override string Name => "hierarchical";

    public override double PeriodSeconds => _settings.PeriodSeconds;

    public NodeId Leader
    {
        get
        {
            int group = Roster.GroupOf(Self);
            int size = group < 0 ? 0 : Roster.GroupSize(group);
            int index = _succession.Index(size);
            return index < 0 ? NodeId.None : Roster.GroupMember(group, index);
        }
    }

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
        int group = Roster.GroupOf(Self);
        if (!HasOwn || group < 0)
            return;
        _succession.OnTick(now, IndexInGroup(group, Self));
        LoadEntry own = Own;
        if (Leader != Self)
        {
            outbox.Send(Leader, new LoadMessage(MessageKind.Report, new ReadOnlySpan<LoadEntry>(in own)));
            return;
        }

        TellMembers(group, outbox);
        if (now - _outerSent >= _settings.OuterPeriodSeconds - _settings.PeriodSeconds * 0.5)
        {
            _outerSent = now;
            TellOtherLeaders(now, group, outbox);
        }
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox)
    {
        int own = Roster.GroupOf(Self);
        foreach (ref readonly LoadEntry entry in message.Entries)
        {
            if (entry.Node == Self)
                continue;
            int group = Roster.GroupOf(entry.Node);
            if (group != own)
                TakeAggregate(group, in entry);
            else
                View.Merge(in entry);
        }

        if (message.Kind == MessageKind.Summary && Roster.GroupOf(from) == own)
            _succession.OnHeard(now, IndexInGroup(own, from), Roster.GroupSize(own));
    }

    private int IndexInGroup(int group, NodeId node)
    {
        int size = Roster.GroupSize(group);
        for (int i = 0; i < size; i++)
        {
            if (Roster.GroupMember(group, i) == node)
                return i;
        }

        return -1;
    }

    // Another member stands for the group now: the old one is not the group's best any more, and nothing new will be heard of it.
    private void TakeAggregate(int group, in LoadEntry entry)
    {
        if (group < 0 || !entry.Has(NodeFlags.Aggregate))
            return;
        if (_representatives.TryGetValue(group, out NodeId known) && View.TryGet(known, out LoadEntry old))
        {
            if (known != entry.Node)
            {
                if (old.Stamp > entry.Stamp)
                    return;
                View.Remove(known);
            }
        }

        _representatives[group] = entry.Node;
        View.Merge(in entry);
    }

    private void TellMembers(int group, IOutbox outbox)
    {
        ReadOnlySpan<LoadEntry> all = Gather(View.Entries);
        var message = new LoadMessage(MessageKind.Summary, all);
        int size = Roster.GroupSize(group);
        for (int i = 0; i < size; i++)
        {
            NodeId member = Roster.GroupMember(group, i);
            if (member != Self)
                outbox.Send(member, in message);
        }
    }

    private void TellOtherLeaders(Instant now, int group, IOutbox outbox)
    {
        LoadEntry aggregate = Aggregate(now, group);
        var message = new LoadMessage(MessageKind.Summary, new ReadOnlySpan<LoadEntry>(in aggregate));
        for (int other = 0; other < Roster.GroupCount; other++)
        {
            if (other == group || Roster.GroupSize(other) == 0)
                continue;

            // Who leads there is their affair; the first two get it, so that one death does not cut a group off.
            outbox.Send(Roster.GroupMember(other, 0), in message);
            if (Roster.GroupSize(other) > 1)
                outbox.Send(Roster.GroupMember(other, 1), in message);
        }
    }

    private LoadEntry Aggregate(Instant now, int group)
    {
        LoadEntry best = Own;
        double sum = Own.Load;
        int count = 1;
        foreach (ref readonly LoadEntry entry in View.Entries)
        {
            bool counts = Roster.GroupOf(entry.Node) == group && entry.Age(now) <= _settings.TimeoutSeconds;
            if (!counts)
                continue;
            sum += entry.Load;
            count++;
            if (entry.Load < best.Load)
                best = entry;
        }

        best.Load = (float)(sum / count);
        best.Flags |= NodeFlags.Aggregate;
        return best;
    }

    private ReadOnlySpan<LoadEntry> Gather(ReadOnlySpan<LoadEntry> entries)
    {
        if (_buffer.Length < entries.Length + 1)
            _buffer = new LoadEntry[entries.Length + 8];
        _buffer[0] = Own;
        entries.CopyTo(_buffer.AsSpan(1));
        return _buffer.AsSpan(0, entries.Length + 1);
    }

    public sealed record Settings(double PeriodSeconds, double OuterPeriodSeconds, double TimeoutSeconds, int Vector);
}
