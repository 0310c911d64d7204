using Isobar.Node.Jobs;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Naming;

namespace Isobar.Node.Decisions;

/// <summary>Chooses where a new job starts: where its user wants it, or where the profile's rules want it and the node agrees.</summary>
internal sealed class Starts(ClusterRuntime runtime, LivePolicies policies, PlacementView view, Offers offers, Managers managers)
{
    /// <summary>Each machine tells its load once a second, and not each one to everybody.</summary>
    private static readonly TimeSpan HearWithin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan HearEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>The node, and why, in words; no words when the user named it.</summary>
    /// <param name="wish">A node's name, home, best, or nothing.</param>
    /// <param name="spec">The program.</param>
    /// <param name="cancellation">When the caller has gone.</param>
    public async Task<(string Node, string Why)> ChooseAsync(string wish, JobSpec spec, CancellationToken cancellation)
    {
        if (wish.Length > 0 && wish != PlacementView.Best)
        {
            var named = view.Resolve(wish, runtime.NodeName);
            return policies.LimitRefusal(runtime.NodeName, spec, named) is { } refusal ? throw new JobException($"it cannot start on {named}: {refusal}.") : (named, "");
        }

        // A profile without any rule leaves it to the plain one, and so does a user who says "best".
        var isPlain = wish == PlacementView.Best || policies.Set is not { HasRules: true };
        if (isPlain && spec.Nodes is null && spec.MinMemoryBytes == 0)
            return Plain(wish);
        var advice = isPlain ? null : await managers.AskAsync(RequestOf(spec), cancellation);
        if (await PlaceAsync(spec, isPlain, advice, cancellation) is not { } placed)
            return Alone(wish, spec);
        if (placed.Target == runtime.NodeName)
            return (placed.Target, placed.Words);
        var refused = "";
        foreach (var node in (string?[])[placed.Target, placed.Alternate])
        {
            if (node is null)
                continue;
            var no = node == runtime.NodeName ? placed.HomeRefuses : await offers.AskAsync(node, OfferForm.Of(placed.At(node), spec, runtime.NodeName), cancellation);
            if (no is not null)
            {
                refused = $"{refused} {no}";
                continue;
            }

            policies.Expect(node, 1, 0, node == runtime.NodeName ? 0 : 1);
            return (node, placed.At(node).Words);
        }

        return placed.HomeRefuses is { } home
            ? throw new JobException($"no machine takes the job now: {home};{refused}")
            : (runtime.NodeName, $"{placed.Words}; but it was refused there, so it starts here");
    }

    /// <summary>
    /// A job that may not run at home waits for the first news of a machine that could have it, before it is told that there is none; null outside of a cluster. The policies take a cluster up a
    /// moment after the daemon does.
    /// </summary>
    private async Task<Placed?> PlaceAsync(JobSpec spec, bool isPlain, PlaceReply? advice, CancellationToken cancellation)
    {
        for (var waited = TimeSpan.Zero; ; waited += HearEvery)
        {
            try
            {
                if (policies.Place(spec, isPlain, advice) is { } placed)
                    return placed;
                if (runtime.Current is null || waited >= HearWithin)
                    return null;
            }
            catch (JobException) when (waited < HearWithin && policies.AwaitsNews(spec))
            {
                // It may have come when the next look is due.
            }

            await Task.Delay(HearEvery, cancellation);
        }
    }

    /// <exception cref="JobException">Its user does not allow this machine, the only one there is.</exception>
    private (string Node, string Why) Alone(string wish, JobSpec spec) =>
        spec.Nodes is { } nodes && !NodeExpression.Parse(nodes).Matches(runtime.NodeName)
            ? throw new JobException($"no machine takes the job now: its user allows only {nodes}, and {runtime.NodeName} is in no cluster; isobar cluster join makes it a member of one.")
            : Plain(wish);

    private PlaceRequest RequestOf(JobSpec spec) => new()
    {
        Job = "a new job",
        Home = runtime.NodeName,
        Uid = spec.Uid,
        Priority = spec.Priority,
        Program = ProgramHash.Of(spec.CommandLine),
        MinMemoryBytes = spec.MinMemoryBytes,
        Nodes = spec.Nodes ?? "",
    };

    private (string Node, string Why) Plain(string wish)
    {
        var node = view.Resolve(wish, runtime.NodeName);
        policies.Expect(node, 1, 0, node == runtime.NodeName ? 0 : 1);
        return (node, $"it starts on {node}: of the machines known that is where one more process gets most");
    }
}
