using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Dissemination;

/// <summary>Nobody tells anything: for profiles that place blindly (random, round robin, local).</summary>
public sealed class NoDissemination(NodeId self, Roster roster) : DisseminationProtocol(self, roster, new ClusterView(1) { HearsNothing = true })
{
    public static Policy<DisseminationFactory> Policy { get; } = new(
        "none", "No load information at all", "baseline", [], _ => static (self, roster) => new NoDissemination(self, roster));

    public override string Name => "none";

    public override double PeriodSeconds => 3600;

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox)
    {
    }
}

/// <summary>
/// Perfect knowledge without a message: the host writes the truth into the view before each decision. For published results that assume it.
/// </summary>
public sealed class OracleDissemination(NodeId self, Roster roster)
    : DisseminationProtocol(self, roster, new ClusterView(Math.Max(1, roster.Count)))
{
    public static Policy<DisseminationFactory> Policy { get; } = new(
        "oracle",
        "Perfect, instant knowledge; only a simulator can provide it",
        "published results that assume full information",
        [],
        _ => static (self, roster) => new OracleDissemination(self, roster));

    public override string Name => "oracle";

    public override double PeriodSeconds => 3600;

    public override bool IsOracle => true;

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox)
    {
    }
}
