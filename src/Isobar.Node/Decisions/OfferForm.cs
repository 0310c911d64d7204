using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Node.Policies;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Decisions;

/// <summary>An offer as it goes between nodes: how it is made of what the rules want, and what the rules of the one who is asked are shown of it.</summary>
internal static class OfferForm
{
    /// <summary>Of a running job.</summary>
    /// <param name="wish">What the rules want.</param>
    /// <param name="home">The job's home.</param>
    public static OfferRequest Of(Wish wish, string home) => new()
    {
        Job = wish.Job,
        Home = home,
        CpuSeconds = wish.Info.CpuSeconds,
        Load = wish.Info.Load,
        Tasks = wish.Info.Tasks,
        ResidentBytes = wish.Info.ResidentBytes,
        SourceShare = wish.Predicted.ShareHere,
        ExpectedShare = wish.Predicted.ShareThere,
        OthersGain = wish.Predicted.OthersGain,
        Forced = wish.IsForced,
        Moves = wish.Info.Moves,
        Uid = (uint)wish.Info.User,
        MinMemoryBytes = wish.Info.MinMemoryBytes,
        Priority = wish.Info.Priority,
    };

    /// <summary>Of a job that is about to start.</summary>
    /// <param name="placed">Where it shall.</param>
    /// <param name="spec">The program.</param>
    /// <param name="home">Its home.</param>
    public static OfferRequest Of(Placed placed, JobSpec spec, string home) => new()
    {
        Job = $"a new job of {home}",
        Home = home,
        Tasks = 1,
        Load = 1,
        SourceShare = placed.Predicted.ShareHere,
        ExpectedShare = placed.Predicted.ShareThere,
        OthersGain = placed.Predicted.OthersGain,
        Placement = true,
        // Where it may not start at home, it is no question of what it would get there.
        Forced = placed.HomeRefuses is not null,
        Uid = spec.Uid,
        MinMemoryBytes = spec.MinMemoryBytes,
        Priority = spec.Priority,
    };

    /// <summary>What the rules are shown of an offer.</summary>
    /// <param name="request">The offer.</param>
    /// <param name="from">Who made it.</param>
    /// <param name="numbers">The members.</param>
    public static JobOffer Read(OfferRequest request, string from, NodeNumbers numbers)
    {
        var job = new JobInfo
        {
            Id = LivePolicies.IdOf(request.Job),
            Home = numbers.NumberOf(request.Home),
            Node = numbers.NumberOf(from),
            Priority = (byte)Math.Clamp(request.Priority, 0, byte.MaxValue),
            User = (int)request.Uid,
            MinMemoryBytes = request.MinMemoryBytes,
            CpuSeconds = request.CpuSeconds,
            ExpectedCpuSeconds = request.Placement ? request.CpuSeconds : 0,
            Load = request.Load,
            Tasks = request.Tasks,
            ResidentBytes = request.ResidentBytes,
            Moves = request.Moves,
            StateSince = Instant.Never,
        };
        return new JobOffer(job, numbers.NumberOf(from), request.SourceShare, request.ExpectedShare, request.Placement, request.Forced, request.OthersGain);
    }
}
