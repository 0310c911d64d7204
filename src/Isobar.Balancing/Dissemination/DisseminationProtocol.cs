using Isobar.Balancing.Load;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// Stage 2, dissemination: the state machine of one node. The host calls <see cref="Publish"/> when the local entry changes,
/// <see cref="OnTick"/> every <see cref="PeriodSeconds"/> (first at a random phase) and <see cref="OnMessage"/> for what comes in; the
/// protocol answers through the outbox. It has no clock, no threads and allocates nothing after its first rounds.
/// </summary>
public abstract class DisseminationProtocol
{
    protected DisseminationProtocol(NodeId self, Roster roster, ClusterView view)
    {
        ArgumentNullException.ThrowIfNull(roster);
        ArgumentNullException.ThrowIfNull(view);
        Self = self;
        Roster = roster;
        View = view;
    }

    public NodeId Self { get; }

    /// <summary>The members; the host sets a new one when somebody joins or leaves.</summary>
    public Roster Roster { get; set; }

    /// <summary>What this node knows of the others. It never holds the node itself.</summary>
    public ClusterView View { get; }

    /// <summary>The name in profiles.</summary>
    public abstract string Name { get; }

    public abstract double PeriodSeconds { get; }

    /// <summary>True if the host must write the truth into <see cref="View"/> before each decision: only a simulator can.</summary>
    public virtual bool IsOracle => false;

    /// <summary>The node's own entry as published last.</summary>
    protected LoadEntry Own { get; private set; }

    protected bool HasOwn { get; private set; }

    /// <summary>The node's own new entry. A protocol with urgent news may send it at the next tick with priority.</summary>
    public virtual void Publish(in LoadEntry own)
    {
        Own = own;
        HasOwn = true;
    }

    public abstract void OnTick(Instant now, ref RandomSource random, IOutbox outbox);

    public abstract void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox);

    /// <summary>
    /// Another message is about to go to <paramref name="peer"/>: fills in entries that may ride on it and returns their number
    /// (0 = nothing new for that peer).
    /// </summary>
    public virtual int Attach(Instant now, NodeId peer, Span<LoadEntry> room) => 0;

    /// <summary>Entries that rode on another message of <paramref name="from"/>.</summary>
    public virtual void OnAttached(Instant now, NodeId from, ReadOnlySpan<LoadEntry> entries) => Merge(entries);

    /// <summary>Merges all entries but the node's own; returns how many were news.</summary>
    protected int Merge(ReadOnlySpan<LoadEntry> entries)
    {
        int news = 0;
        foreach (ref readonly LoadEntry entry in entries)
        {
            if (entry.Node != Self && View.Merge(in entry))
                news++;
        }

        return news;
    }
}
