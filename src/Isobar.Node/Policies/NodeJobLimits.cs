using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Node.Settings;
using Isobar.Protocol.Naming;

namespace Isobar.Node.Policies;

/// <summary>Where the jobs of one look may run: their users' expressions, and for whom nodes are reserved.</summary>
internal sealed class NodeJobLimits(NodeNumbers numbers, Func<string, Reservation?> reservationOf) : JobLimits
{
    private readonly Dictionary<JobId, JobLimit> _limits = [];

    public void Clear() => _limits.Clear();

    public void Add(JobId job, JobLimit limit) => _limits[job] = limit;

    public override bool Allows(JobId job, NodeId node) => !_limits.TryGetValue(job, out var limit) || Refusal(limit, numbers.NameOf(node)) is null;

    /// <summary>Null when the job may run there, else why not.</summary>
    public string? Refusal(JobLimit limit, string node)
    {
        // Who chose a node by its name means it.
        if (limit.Chosen != node && limit.Nodes is { } nodes && !nodes.Matches(node))
            return $"its user allows only {nodes}";
        return node != limit.Home && reservationOf(node) is { } reservation && !reservation.IsFor(limit.Home, limit.User) ? $"{node} is {reservation}" : null;
    }
}

/// <summary>What limits one job.</summary>
/// <param name="Home">Its home.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Nodes">What its user allows.</param>
/// <param name="Chosen">The node that its user chose by name.</param>
internal readonly record struct JobLimit(string Home, uint User, NodeExpression? Nodes, string? Chosen);
