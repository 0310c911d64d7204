using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Placing;

/// <summary>Every job starts where it was started and stays: the baseline.</summary>
public sealed class StayRule : ConsiderationRule
{
    private static readonly ReasonForm Stays = new("none", "{job} starts here: the profile never places elsewhere");

    public static Policy<RuleFactory> Policy { get; } = new(
        "none", "Every job stays where it was started", "baseline", [], _ => static _ => new StayRule());

    public override string Name => "none";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        placement = new(snapshot.Self.Node, NodeId.None, Stays.With(job.Id, snapshot.Self.Node));
        return true;
    }
}

/// <summary>A new job starts on a node drawn from all, this one included.</summary>
public sealed class RandomRule : ConsiderationRule
{
    private static readonly ReasonForm Drawn = new("random", "{job} starts on {node}, drawn from {a} nodes", "nodes");

    public static Policy<RuleFactory> Policy { get; } = new(
        "random", "New jobs on a random node", "baseline (Eager, Lazowska, Zahorjan 1986)", [], _ => static _ => new RandomRule());

    public override string Name => "random";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        int count = snapshot.Roster.Count;
        NodeId node = count == 0 ? snapshot.Self.Node : snapshot.Roster[random.NextInt(count)];
        placement = new(node, NodeId.None, Drawn.With(job.Id, node, count));
        return true;
    }
}

/// <summary>
/// New jobs go round a ring of all nodes; each node has its own position and starts after itself, as Kerrighed's round_robin_balancer
/// for forks [systems.md A6]; PVM placed so too [S15.7].
/// </summary>
public sealed class RoundRobinRule : ConsiderationRule
{
    private static readonly ReasonForm Next = new("round-robin", "{job} starts on {node}, next in a ring of {a}", "nodes");

    private int _position = -1;

    public static Policy<RuleFactory> Policy { get; } = new(
        "round-robin", "New jobs round a ring of nodes", "Kerrighed, PVM", [], _ => static _ => new RoundRobinRule());

    public override string Name => "round-robin";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        int count = snapshot.Roster.Count;
        if (_position < 0)
            _position = Math.Max(0, snapshot.Roster.IndexOf(snapshot.Self.Node));
        _position = count == 0 ? 0 : (_position + 1) % count;
        NodeId node = count == 0 ? snapshot.Self.Node : snapshot.Roster[_position];
        placement = new(node, NodeId.None, Next.With(job.Id, node, count));
        return true;
    }
}
