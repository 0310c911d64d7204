using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Policies;

/// <summary>What a consideration brought.</summary>
/// <param name="Wishes">What is to be done.</param>
/// <param name="Stays">Why jobs stay; without a job's name it concerns the node.</param>
internal sealed record Considered(IReadOnlyList<Wish> Wishes, IReadOnlyList<(string Job, string Reason)> Stays);

/// <summary>One thing that the rules want done with a job that is here.</summary>
/// <param name="Kind">What.</param>
/// <param name="Job">The job's name.</param>
/// <param name="Target">The node, for a move.</param>
/// <param name="Alternate">A second one, if the first refuses.</param>
/// <param name="Rule">The rule that wants it.</param>
/// <param name="Words">Why, in words with numbers.</param>
/// <param name="Info">The job as the rule saw it.</param>
/// <param name="Predicted">What it should bring.</param>
/// <param name="Ground">On what ground.</param>
internal sealed record Wish(ActionKind Kind, string Job, string Target, string? Alternate, string Rule, string Words, JobInfo Info, Prediction Predicted, Ground Ground)
{
    /// <summary>What it should bring on the second target.</summary>
    public Prediction? AlternatePredicted { get; init; }

    /// <summary>How much, for <see cref="ActionKind.PageOut"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether it must leave, whatever it is worth.</summary>
    public bool IsForced => Ground != Ground.Gain;

    /// <summary>Until it can be moved it is not to run here.</summary>
    public bool StandsStillMeanwhile { get; init; }

    /// <summary>How the job stands still while it waits for its turn to move; null = it runs on.</summary>
    public Hold? WhileItWaits => StandsStillMeanwhile ? new Hold($"{Words}; it waits for its turn") : null;

    /// <summary>The same for the second target, once the first has refused.</summary>
    public Wish ToAlternate() => Alternate is { } alternate
        ? this with { Target = alternate, Alternate = null, Words = $"{Words}; {Target} refused, so it goes to {alternate}", Predicted = AlternatePredicted ?? Predicted.Elsewhere(), AlternatePredicted = null }
        : throw new InvalidOperationException($"{Job} has no second target");
}

/// <summary>Where a new job is to start.</summary>
/// <param name="Target">The node.</param>
/// <param name="Alternate">A second one, if the first refuses.</param>
/// <param name="Words">Why, in words.</param>
/// <param name="Predicted">What it would get.</param>
/// <param name="HomeRefuses">Why it may not start at its home; null = it may.</param>
internal sealed record Placed(string Target, string? Alternate, string Words, Prediction Predicted, string? HomeRefuses = null)
{
    /// <summary>The same for the second node, once the first has refused.</summary>
    public Placed At(string node) => node == Target ? this : this with { Target = node, Alternate = null, Words = $"{Words}; {Target} refused, so it starts on {node}", Predicted = Predicted.Elsewhere() };
}

/// <summary>A job that is left alone for a while after a move failed or was refused.</summary>
internal sealed record JobHold(Instant Until, string Reason, double Seconds)
{
    private const double Longest = 300;

    public static JobHold After(JobHold? before, Instant now, string reason, double least)
    {
        var seconds = Math.Min(Longest, Math.Max(least, before is null ? 0 : before.Seconds * 2));
        return new JobHold(now + seconds, reason, seconds);
    }
}

/// <summary>This node at one moment, in fields because a snapshot refers to them.</summary>
internal struct LiveLook
{
    public Instant Now;
    public LoadEntry Self;
    public NodeState State;

    /// <summary>How many jobs are here.</summary>
    public int Count;

    /// <summary>Where single jobs may run; null = everywhere.</summary>
    public NodeJobLimits? Limits;
}

/// <summary>The form in which the rules see it.</summary>
internal static class LiveLookForm
{
    public static Snapshot Snapshot(this in LiveLook look, PolicySet set, CostModel costs, JobInfo[] jobs) =>
        new(look.Now, in look.Self, in look.State, jobs.AsSpan(0, look.Count), set.Protocol.View.Entries, costs, set.Numbers.Roster) { Limits = look.Limits };
}
