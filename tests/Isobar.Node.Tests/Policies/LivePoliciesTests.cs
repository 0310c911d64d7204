using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Profiles;
using Isobar.Node.Policies;

namespace Isobar.Node.Tests.Policies;

/// <summary>The policies of a node as they answer others, on this very machine and without any job.</summary>
public sealed class LivePoliciesTests : IDisposable
{
    private static readonly NodeNumbers Numbers = NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2)), "alpha");

    private readonly PoliciesOfOneNode _node = new(Numbers);

    private LivePolicies Policies => _node.Policies;

    public void Dispose() => _node.Dispose();

    [Fact]
    public void New_jobs_on_their_way_do_not_keep_a_move_out()
    {
        for (var i = 0; i < 5; i++)
            Assert.True(Judge("a new job of beta", placement: true).Accepted);
        Assert.True(Judge("beta-1").Accepted);
        // Moves are what a target takes only so many of.
        Assert.Contains("1 jobs are on their way to alpha", Judge("beta-2").Reason, StringComparison.Ordinal);
        // The same one asked for again is not one more.
        Assert.True(Judge("beta-1").Accepted);
    }

    [Fact]
    public void A_job_that_must_leave_does_not_wait_for_others_to_arrive()
    {
        Assert.True(Judge("beta-1").Accepted);
        Assert.False(Judge("beta-2").Accepted);
        Assert.True(Judge("beta-2", forced: true).Accepted);
    }

    [Fact]
    public void Of_a_job_that_has_gone_nothing_is_remembered()
    {
        Policies.NoteHold("alpha-1", new Isobar.Protocol.Jobs.Hold("its owner is back"));
        Assert.True(Policies.TryBeginMove("alpha-2", 1));
        Policies.EndMove("alpha-2", "it failed", pause: 0, isRefusal: true);
        Assert.Equal(2, Policies.Remembered);
        // A profile that is new is told of at the next look.
        Policies.Use(ProfileReader.Load("isobar"), Numbers, 0);
        Policies.Sample(out _, out _);
        Assert.Equal(0, Policies.Remembered);
    }

    /// <summary>The first entry after a start of the daemon, or under another profile: glunix tells its load anew every 20 s.</summary>
    [Fact]
    public void The_first_that_is_told_of_a_machine_at_work_is_not_that_it_is_idle()
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(() => SpinWait.SpinUntil(() => over.IsCancellationRequested)) { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        var told = 0.0;
        // A look sees what is ready at that moment, or in a moment before.
        while (told == 0 && !over.IsCancellationRequested)
        {
            Policies.Use(ProfileReader.Load("openmosix"), Numbers, 0);
            Thread.Sleep(50);
            Policies.Use(ProfileReader.Load("glunix"), Numbers, 0);
            Policies.Sample(out _, out _);
            told = Policies.Known()!.Value.Self.Ready;
        }

        over.Cancel();
        threads.ForEach(thread => thread.Join());
        Assert.True(told > 0);
    }

    private (bool Accepted, string Reason) Judge(string name, bool placement = false, bool forced = false)
    {
        var job = new JobInfo { Id = LivePolicies.IdOf(name), Home = Numbers.NumberOf("beta"), Node = Numbers.NumberOf("beta"), CpuSeconds = 1000, CpuSecondsHere = 1000, Tasks = 1, Load = 1, StateSince = Instant.Never };
        return Policies.Judge(name, new JobOffer(job, job.Node, SourceShare: 0.1, ExpectedShare: 1, placement, forced), atOnce: 1);
    }
}
