using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// Harchol-Balter and Downey 1997: half of the processes that have used a CPU seconds will use a more, so a job is moved iff
/// age &gt; cost / (n - m), where n and m are the tasks at the source and, with the migrant, at the target [systems.md A5]. For cores of any number
/// and speed n and m are slowdowns (tasks per core over speed), which is the same for one standard core.
/// </summary>
/// <remarks>
/// The plain rule bounced one process 146 times on a real trace [scoreboard 1]. Two dampings, 0 as published:
/// <c>residence</c>: a job must have used so many costs of its next move since it came;
/// <c>growth</c>: its age must have grown by this share since it came. A move is paid for by a stay of one more age; with growth 1 a job comes
/// to think again only when that stay is over, so it is moved at most log2(life / first age) + 1 times, however the loads change
/// (plus <c>freeMoves</c>, to which growth does not apply).
/// <c>relative</c>: the growth asked for is multiplied by the share of the slowdown that is left on the target, so that a move that
/// halves it needs half of the rest. With growth 2 that is what growth 1 asks for at halving, less for more and more for less.
/// <c>outclassed</c>: growth is a damping against chance: crowds come and go, and the next may be there. A node that would serve the job worse
/// alone than the target serves it with all its present tasks is worse by its cores, not by chance, and is left without growth. Back to
/// it leads only a move that growth does bound, so that between two such moves there is at most one for each speed of cores. Nor is residence asked for:
/// it is counted in CPU seconds, which take the longer the slower the node is, so that the last job stood on the slowest one beside fast ones without work.
/// <c>others</c>: the published rule counts the migrant's gain alone. In the next a CPU seconds of a migrant of age a, each of the n - 1 that stay
/// saves a seconds and each of the m - 1 at the target loses a, so that with all of them the gain is 2 a (n - m): weight 1. In between, a short
/// delay of all is weighed against more moves. On unequal nodes the two parts differ (<see cref="CpuShare.DelayOfOthers"/>): a slow node without work is worth
/// a move from a crowd on a fast one that serves the migrant no better, since it hinders nobody there; none that is
/// older than those that stay goes for their sake, since it would outlive them. While nobody comes or ends, the sum of all delays falls with each such move, so that none leads back.
/// The same weight counts the CPU time that the move takes from those at both ends, where the cost model knows it.
/// </remarks>
public sealed partial class LifetimeRule : ConsiderationRule
{
    private readonly Settings _settings;

    // The part of growth that every move must keep, however much it gains.
    private readonly double _leastRelative;

    public LifetimeRule(Settings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _leastRelative = settings.Relative ? 0 : 1;
    }

    public override string Name => "lifetime";

    private double Weight => 1 + _settings.Others;

    /// <summary>The published criterion, strict: n and m as tasks or slowdowns.</summary>
    public static bool IsWorth(double age, double cost, double here, double there) => here > there && age > cost / (here - there);

    /// <summary>CPU seconds that a job must have used on a node before it may be moved on; 0 for one that never moved.</summary>
    /// <param name="freeMoves">Moves to which growth does not apply.</param>
    /// <param name="relative">Slowdown on the target over that here, at most 1; 1 where the gain does not count.</param>
    public static double RestNeeded(
        in JobInfo job, double cost, double residence, double growth, int freeMoves = 0, double relative = 1)
    {
        if (job.Moves == 0)
            return 0;
        double ageAtArrival = job.CpuSeconds - job.CpuSecondsHere;
        return Math.Max(residence * cost, job.Moves > freeMoves ? growth * relative * ageAtArrival : 0);
    }

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (trigger != Trigger.Arrival && !_settings.Periodic)
            return false;
        var taken = NodeId.None;
        double tasks = TasksHere(in snapshot);
        for (int i = 0; i < _settings.MovesAtOnce; i++)
        {
            bool busy = _settings.MaxInProgress > 0 && snapshot.State.MovesInProgress + i >= _settings.MaxInProgress;
            if (busy || !MoveBest(in snapshot, tasks, plan, ref random, ref taken, out double left))
                break;
            tasks -= left;
        }

        return false;
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        if (!_settings.Verify || offer.Forced || offer.SourceShare <= 0)
            return false;
        double age = offer.Placement ? offer.Job.ExpectedCpuSeconds : offer.Job.CpuSeconds;
        double cost = offer.Placement ? snapshot.Costs.PlacementSeconds : snapshot.Costs.Seconds(offer.Job);
        double tasks = snapshot.State.ReadyNow + snapshot.State.ArrivalsInProgress + Targets.Tasks(offer.Job);
        double there = Targets.Slowdown(in snapshot.Self, tasks, offer.Job, snapshot.Costs);
        double here = 1 / offer.SourceShare;
        if (!offer.Placement)
            cost += _settings.Others * snapshot.Costs.SecondsOfOthers(here, there);
        double harm = CpuShare.DelayOfOthers(in snapshot.Self, tasks, Targets.Tasks(offer.Job));
        double gain = Gain(here, there, offer.OthersGain, harm);
        bool worth = IsEnough(gain, here, there) && (age <= 0 ? gain > 0 : IsWorth(Weight * age, cost, gain, 0));
        if (worth)
            return false;
        acceptance = new(false, false, TargetBusy.With(offer.Job.Id, snapshot.Self.Node, age, cost, there, here));
        return true;
    }

    // Of each of those that count: seconds saved per CPU second of the migrant. Between nodes of one standard core that is here - there, whatever the weight of the others.
    private double Gain(double here, double there, double othersHere, double othersThere) =>
        (here - there + _settings.Others * (othersHere - othersThere)) / Weight;

    // For one who is alone at both ends the gain of each that counts is a part of its own: a core half as fast again was not worth a move, or only in a moment without any noise there.
    private bool IsEnough(double gain, double here, double there) => Math.Max(gain, here - there) >= _settings.MinGain;

    // Who goes for the sake of others must not outlive them: half of those of age a end within another a, and then it would be served worse for nothing, or come back.
    private bool WouldOutliveThoseItHelps(ReadOnlySpan<JobInfo> jobs, int index, double here, double there)
    {
        if (here - there > _settings.MinGain)
            return false;
        double sum = 0;
        foreach (ref readonly JobInfo job in jobs)
            sum += job.CpuSeconds;
        int others = jobs.Length - 1;
        return others > 0 && jobs[index].CpuSeconds > (sum - jobs[index].CpuSeconds) / others;
    }

    // Own tasks: at this moment; smoothed, the smaller of the moment and the mean, so that neither a burst nor a past crowd moves anything.
    private double TasksHere(in Snapshot snapshot) =>
        _settings.Smoothed ? Math.Min(snapshot.State.ReadyNow, snapshot.State.LocalReady) : snapshot.State.ReadyNow;

    private double Rest(in JobInfo job, double cost, double relative) =>
        RestNeeded(in job, cost, _settings.Residence, _settings.Growth, _settings.FreeMoves, relative);

    // Were the job alone here, it would still be served worse than it is on the target with all that is there now.
    private bool IsOutclassed(in Snapshot snapshot, in JobInfo job, double there) =>
        _settings.Outclassed && Targets.Slowdown(in snapshot.Self, Targets.Tasks(in job), in job, snapshot.Costs) - there > _settings.MinGain;

    private bool MoveBest(
        in Snapshot snapshot, double tasks, Plan plan, ref RandomSource random, ref NodeId taken, out double left)
    {
        int bestJob = -1;
        NodeId bestTarget = NodeId.None;
        double bestBenefit = 0;
        double bestHere = 0;
        double bestThere = 0;
        double bestOthers = 0;
        ReadOnlySpan<JobInfo> jobs = snapshot.Jobs;
        for (int i = 0; i < jobs.Length; i++)
        {
            ref readonly JobInfo job = ref jobs[i];
            if (!job.IsMovable || plan.Concerns(job.Id))
                continue;
            double here = Targets.Slowdown(in snapshot.Self, Math.Max(tasks, Targets.Tasks(in job)), in job, snapshot.Costs);
            double cost = snapshot.Costs.Seconds(in job);
            double othersHere = CpuShare.DelayOfOthers(in snapshot.Self, tasks, Targets.Tasks(in job));
            double best = Weight * job.CpuSeconds * Gain(here, 1 / MaxSpeed, othersHere, 0) - cost;
            if (best <= bestBenefit && !plan.Explains)
                continue;
            double rest = _settings.Outclassed ? 0 : Rest(in job, cost, _leastRelative);
            if (job.CpuSecondsHere < rest)
            {
                plan.Stay(Rests.With(job.Id, snapshot.Self.Node, job.CpuSecondsHere, rest, cost));
                continue;
            }

            int target = Targets.Best(in snapshot, in job, _settings.MaxAgeSeconds, taken, _settings.Others, ref random, out double there, out double harm);
            if (target < 0)
                continue;
            rest = Rest(in job, cost, _settings.Relative ? Math.Min(1, there / here) : 1);
            if (job.CpuSecondsHere < rest && !IsOutclassed(in snapshot, in job, there))
            {
                plan.Stay(Rests.With(job.Id, snapshot.Self.Node, job.CpuSecondsHere, rest, cost));
                continue;
            }

            cost += _settings.Others * snapshot.Costs.SecondsOfOthers(here, there);
            double gain = Gain(here, there, othersHere, harm);
            double benefit = Weight * job.CpuSeconds * gain - cost;
            if (!IsWorth(Weight * job.CpuSeconds, cost, gain, 0) || !IsEnough(gain, here, there))
                plan.Stay(TooYoung.With(job.Id, snapshot.Self.Node, job.CpuSeconds, cost, here, there));
            else if (WouldOutliveThoseItHelps(jobs, i, here, there))
                plan.Stay(StaysAsOldest.With(job.Id, snapshot.Self.Node, job.CpuSeconds, cost, here, there));
            else if (benefit > bestBenefit)
                (bestJob, bestTarget, bestBenefit, bestHere, bestThere, bestOthers) = (i, snapshot.Others[target].Node, benefit, here, there, othersHere);
        }

        left = 0;
        if (bestJob < 0)
            return false;
        ref readonly JobInfo chosen = ref jobs[bestJob];
        int second = Targets.Best(in snapshot, in chosen, _settings.MaxAgeSeconds, bestTarget, _settings.Others, ref random, out double secondThere, out double secondHarm);
        double chosenCost = snapshot.Costs.Seconds(in chosen) + _settings.Others * snapshot.Costs.SecondsOfOthers(bestHere, bestThere);
        bool hasSecond = second >= 0 && !WouldOutliveThoseItHelps(jobs, bestJob, bestHere, secondThere) && IsWorth(Weight * chosen.CpuSeconds, chosenCost, Gain(bestHere, secondThere, bestOthers, secondHarm), 0);
        NodeId alternate = hasSecond ? snapshot.Others[second].Node : NodeId.None;
        ReasonForm why = IsWorth(chosen.CpuSeconds, chosenCost, bestHere, bestThere) ? Pays : PaysTogether;
        plan.Move(in chosen, bestTarget, alternate, why.With(chosen.Id, bestTarget, chosen.CpuSeconds, chosenCost, bestHere, bestThere));
        taken = bestTarget;
        left = Targets.Tasks(in chosen);
        return true;
    }
}
