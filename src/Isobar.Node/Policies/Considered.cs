using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;

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
/// <param name="ShareHere">Standard cores that one task of it gets here.</param>
/// <param name="ShareThere">What it should get there; 0 = unknown.</param>
/// <param name="OthersGain">What those that stay gain by its leaving: seconds per CPU second of it.</param>
/// <param name="Ground">On what ground.</param>
/// <param name="GainSeconds">Seconds that the job should save over a time as long as its age, the move paid; NaN = unknown.</param>
internal sealed record Wish(
    ActionKind Kind, string Job, string Target, string? Alternate, string Rule, string Words, JobInfo Info, double ShareHere, double ShareThere, double OthersGain, Ground Ground, double GainSeconds)
{
    /// <summary>How much, for <see cref="ActionKind.PageOut"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether it must leave, whatever it is worth.</summary>
    public bool IsForced => Ground != Ground.Gain;

    /// <summary>The same of all others here and there, those that it joins paid; 0 = unknown.</summary>
    public double OthersGainSeconds { get; init; }

    /// <summary>Until it can be moved it is not to run here.</summary>
    public bool StandsStillMeanwhile { get; init; }
}

/// <summary>Where a new job is to start.</summary>
/// <param name="Target">The node.</param>
/// <param name="Alternate">A second one, if the first refuses.</param>
/// <param name="Words">Why, in words.</param>
/// <param name="ShareHere">Standard cores that it would get here.</param>
/// <param name="ShareThere">What it should get there; 0 = unknown.</param>
/// <param name="OthersGain">What those that are here gain if it starts elsewhere: seconds per CPU second of it.</param>
/// <param name="HomeRefuses">Why it may not start at its home; null = it may.</param>
internal sealed record Placed(string Target, string? Alternate, string Words, double ShareHere, double ShareThere, double OthersGain, string? HomeRefuses = null);

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
