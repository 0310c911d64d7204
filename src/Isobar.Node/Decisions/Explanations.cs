using System.Globalization;
using Isobar.Node.Jobs;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Node.Owners;
using Isobar.Node.Policies;
using Isobar.Node.Settings;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Decisions;

/// <summary>Says in plain words why a job is where it is: what its home knows, and what the node where it runs decided.</summary>
internal sealed class Explanations(JobFolders folders, LivePolicies policies, LiveSettings settings, OwnerWatch owner, DecisionLog log, ClusterRuntime runtime)
{
    /// <summary>A home's part: where the job is and how it came there, and what its user wished.</summary>
    public WhyReply AtHome(JobStatus job)
    {
        var reply = new WhyReply();
        var last = JobRecords.Moves(folders.RecordOf(job.Id)).LastOrDefault(move => move.Committed);
        reply.Place = job.State switch
        {
            JobState.Done => $"{job.Id} has ended; it ran on {job.Node} last.",
            JobState.Lost => $"{job.Id} is lost: {job.Reason}",
            JobState.Unreachable => $"{job.Id} is on {job.Node}, which does not answer.",
            _ when last is not null => $"{job.Id} runs on {job.Node} since {Ago(last.When)} ago, when it came from {last.From}: {last.Why}.",
            _ => $"{job.Id} runs on {job.Node}, where it was started {Ago(job.Started)} ago.",
        };
        if (job.Elsewhere is { Places.Count: > 0 } elsewhere)
            reply.Place += " " + Pages(elsewhere);
        foreach (var decision in log.Of(job.Id).Decisions)
            reply.Decisions.Add(Wire(decision));
        if (job.State is JobState.Done or JobState.Lost)
            return reply;
        if (job.Stay)
            reply.Prevents.Add("it was started with --stay: only `isobar migrate`, `isobar node bring`, `drain`, `expel` and a shutdown move it.");
        if (job.MaxMoves is { } most && job.Moves >= most)
            reply.Prevents.Add(Text($"it was started with --max-moves {most} and has moved {job.Moves} times: now it stays as with --stay."));
        if (job.Chosen)
            reply.Prevents.Add($"its user chose {job.Node}: only what must be moves it from there (want of memory, an owner, a reservation, a drain, more important work), no gain; `isobar migrate {job.Id} best` leaves the choice to Isobar again.");
        if (job.Wishes is { } wishes)
            reply.Prevents.Add($"its wishes: {wishes}.");
        if (job.Held is { } held)
            reply.Prevents.Add($"it {HoldWords(held.Kind)}: {held.Reason}.");
        if (job.State is JobState.Stopped)
            reply.Prevents.Add("it is stopped: a job that does not run gains nothing by a move.");
        if (job.State is JobState.Moving)
            reply.Prevents.Add("it is being moved right now.");
        return reply;
    }

    /// <summary>The part of the node where it runs.</summary>
    public WhyReply Here(string job)
    {
        var reply = new WhyReply();
        var (decisions, stay) = log.Of(job);
        foreach (var decision in decisions)
            reply.Decisions.Add(Wire(decision));
        if (stay is not null)
            reply.Decisions.Add(Wire(stay));
        if (policies.Describe(job) is not { } view)
        {
            reply.Prevents.Add(runtime.Current is null ? "this machine is in no cluster." : $"{runtime.NodeName} does not see its processes: it is just starting, moving or ending.");
            return reply;
        }

        Compare(reply, view);
        Prevent(reply, view);
        return reply;
    }

    private void Compare(WhyReply reply, JobView view)
    {
        reply.WouldMove.Add(Text($"here ({runtime.NodeName}) it gets {view.ShareHere:0.00} standard cores: {view.Ready:0.0} threads want {view.Cores} cores; it has used {view.Job.CpuSeconds:0.0} CPU s."));
        foreach (var other in view.Others)
        {
            reply.WouldMove.Add(other.IsOpen
                ? Text($"on {other.Node} it would get {other.Share:0.00} (news of {other.Age:0.0} s ago): {Worth(view, other)}.")
                : Text($"{other.Node} takes nothing ({other.Words}, news of {other.Age:0.0} s ago)."));
        }

        if (view.Others.Count == 0)
            reply.WouldMove.Add("no other node is known.");
        reply.WouldMove.Add(Text($"a move costs it about {view.CostSeconds:0.00} s of standing still (learnt from {policies.Costs.Moves} moves: {policies.Costs})."));
    }

    private static string Worth(JobView view, OtherView other)
    {
        if (other.Share <= view.ShareHere)
            return "no better than here";
        var slower = (1 / view.ShareHere) - (1 / other.Share);
        var needed = view.CostSeconds / slower;
        return needed <= view.Job.CpuSeconds
            ? Text($"in as many CPU s as it has used it would save {view.Job.CpuSeconds * slower:0.0} s, more than the move costs")
            : Text($"worth a move once it has used {needed:0.0} CPU s");
    }

    private void Prevent(WhyReply reply, JobView view)
    {
        var profile = settings.Profile;
        if (policies.IsDrained)
            reply.WouldMove.Add($"{runtime.NodeName} is drained: it leaves as soon as a node takes it.");
        if (owner.IsPresent)
            reply.Prevents.Add(Text($"the owner of {runtime.NodeName} was there {owner.IdleSeconds:0} s ago ({owner.Why}): {(owner.Rules.Freeze ? "guests stand still" : "guests leave")} until he is away for {owner.Rules.QuietSeconds:0} s."));
        if (settings.ReservationOf(runtime.NodeName) is { } reservation)
            reply.Prevents.Add($"{runtime.NodeName} is {reservation}.");
        if (profile.Settings.Move == Isobar.Balancing.Profiles.MoveStyle.None)
            reply.Prevents.Add($"profile {profile.Name} places jobs at their start and moves none later.");
        if (settings.MovesAtOnce == 0)
            reply.Prevents.Add("the setting moves-at-once is 0: this node moves nothing by itself but what must leave.");
        if (view.Hold is { } hold)
            reply.Prevents.Add(Text($"it is left alone for another {hold.Until - MachineLoad.Now:0} s after a move that was not made: {hold.Reason}"));
        if (!view.IsKnown)
            reply.Prevents.Add("its home has not told of it yet, or does not answer: until then it is left alone.");
    }

    private static string HoldWords(HoldKind kind) => kind switch
    {
        HoldKind.Frozen => "is frozen",
        HoldKind.Background => "runs in the background for now",
        _ => "stands still for now",
    };

    private static string Pages(PagesElsewhere elsewhere)
    {
        var places = elsewhere.Places.Select(place => Text($"{place.Value / 1048576.0:0.0} MiB of it are {(place.Key.Length > 0 ? $"in {place.Key}'s memory" : "on the disk of its node")}"));
        return Text($"{string.Join(", ", places)}; {elsewhere.Back} pages came back ({elsewhere.FromDisk} from the disk), for which it waited {elsewhere.Faults} times, {elsewhere.FaultMilliseconds:0.00} ms on average.");
    }

    private static WhyDecision Wire(Decision decision) =>
        new() { AgeSeconds = MachineLoad.Now - decision.At, What = decision.What, Outcome = decision.Outcome };

    private static string Ago(DateTimeOffset when)
    {
        var seconds = Math.Max(0, (DateTimeOffset.UtcNow - when).TotalSeconds);
        return seconds < 120 ? Text($"{seconds:0} s") : seconds < 7200 ? Text($"{seconds / 60:0} min") : Text($"{seconds / 3600:0} h");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
