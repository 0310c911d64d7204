using Google.Protobuf;
using Isobar.Balancing.Consideration;
using Isobar.Node.Decisions;
using Isobar.Node.Policies;
using Isobar.Node.Tests.Policies;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Tests.Jobs;

namespace Isobar.Node.Tests.Decisions;

/// <summary>What is offered is what the other node's rules are asked about, over the wire and back.</summary>
public sealed class OfferFormTests
{
    private static readonly NodeNumbers Numbers = NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2)), "beta");

    private static readonly JobInfo Job = new()
    {
        CpuSeconds = 41.5,
        Load = 1.75,
        Tasks = 2.5f,
        ResidentBytes = 5_000_000_000,
        Moves = 3,
        User = 1007,
        MinMemoryBytes = 7_000_000_000,
        Priority = 50,
    };

    private static readonly Wish Leaves = new(
        ActionKind.Move, "alpha-3", "beta", null, "owner", "because", Job, new Prediction(ShareHere: 0.25, ShareThere: 0.875, OthersGain: 1.625, GainSeconds: 12, OthersGainSeconds: 3), Ground.Need);

    [Fact]
    public void A_running_job_arrives_as_it_was_offered()
    {
        var offer = Received(OfferForm.Of(Leaves, "beta"));
        Assert.Equal((Numbers.NumberOf("alpha"), 0.25, 0.875, 1.625), (offer.From, offer.SourceShare, offer.ExpectedShare, offer.OthersGain));
        Assert.True(offer.Forced);
        Assert.False(offer.Placement);
        var job = offer.Job;
        Assert.Equal((LivePolicies.IdOf("alpha-3"), Numbers.NumberOf("beta"), Numbers.NumberOf("alpha")), (job.Id, job.Home, job.Node));
        Assert.Equal((Job.CpuSeconds, Job.Load, Job.Tasks, Job.ResidentBytes, Job.Moves), (job.CpuSeconds, job.Load, job.Tasks, job.ResidentBytes, job.Moves));
        Assert.Equal((Job.User, Job.MinMemoryBytes, Job.Priority), (job.User, job.MinMemoryBytes, job.Priority));
        Assert.Equal(0, job.ExpectedCpuSeconds);
    }

    [Fact]
    public void A_new_job_arrives_as_it_was_offered()
    {
        var placed = new Placed("beta", null, "because", new Prediction(ShareHere: 0.5, ShareThere: 0.75, OthersGain: 0.375, GainSeconds: 0, OthersGainSeconds: 0));
        var offer = Received(OfferForm.Of(placed, Spec, "alpha"));
        Assert.Equal((0.5, 0.75, 0.375), (offer.SourceShare, offer.ExpectedShare, offer.OthersGain));
        Assert.True(offer.Placement);
        Assert.False(offer.Forced);
        Assert.Equal((1.0, 1f, 1007, 9_000_000_000, (byte)200), (offer.Job.Load, offer.Job.Tasks, offer.Job.User, offer.Job.MinMemoryBytes, offer.Job.Priority));
        Assert.True(Received(OfferForm.Of(placed with { HomeRefuses = "full" }, Spec, "alpha")).Forced);
    }

    /// <summary>A field that is added to the message and forgotten where it is made is found here.</summary>
    [Fact]
    public void No_field_of_the_message_is_left_out()
    {
        // A running job is no placement.
        var unset = OfferRequest.Descriptor.Fields.InDeclarationOrder().Where(field => field.Accessor.GetValue(OfferForm.Of(Leaves, "beta")) is null or "" or 0 or 0L or 0u or 0f or 0d or false);
        Assert.Equal(["placement"], unset.Select(field => field.Name));
    }

    private static JobOffer Received(OfferRequest sent) => OfferForm.Read(OfferRequest.Parser.ParseFrom(sent.ToByteArray()), "alpha", Numbers);

    private static JobSpec Spec { get; } = TestJob.Spec with { Uid = 1007, MinMemoryBytes = 9_000_000_000, Priority = JobPriority.Low };
}
