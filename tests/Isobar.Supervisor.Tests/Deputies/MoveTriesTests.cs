using Isobar.Linux.Criu;
using Isobar.Linux.Files;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Supervisor.Deputies;

namespace Isobar.Supervisor.Tests.Deputies;

/// <summary>What hinders a move for a moment only is waited for; what would hinder it again is not.</summary>
public sealed class MoveTriesTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-moves-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => FolderRemoval.Remove(_folder);

    [Fact]
    public async Task A_move_that_failed_for_the_moment_is_tried_again_as_another_incarnation()
    {
        var (record, tried) = await MoveAsync(incarnation => new MoveFailed(incarnation, $"walks {incarnation}.", BeganHere: true, MayPass: incarnation < 4));
        Assert.Equal([2, 3, 4], tried);
        Assert.Equal((false, "walks 4."), (record.Committed, record.Failure));
        Assert.Equal((-1, 5), (record.PredictedGainSeconds, record.PredictedOthersGainSeconds));
        Assert.Equal(record, Assert.Single(JournalFile.Read(_folder).OfType<MoveTried>()).Move);
    }

    [Fact]
    public async Task A_move_that_cannot_be_is_tried_once()
    {
        var (record, tried) = await MoveAsync(incarnation => new MoveFailed(incarnation, "io_uring.", BeganHere: true));
        Assert.Equal([2], tried);
        Assert.Equal("io_uring.", record.Failure);
    }

    [Fact]
    public async Task A_job_that_never_gets_to_rest_is_given_up()
    {
        var (record, tried) = await MoveAsync(incarnation => new MoveFailed(incarnation, "walks.", BeganHere: true, MayPass: true), pause: 200);
        Assert.Equal("walks.", record.Failure);
        Assert.InRange(tried.Count, 2, 20);
        Assert.InRange(record.TotalSeconds, 3, 15);
    }

    [Fact]
    public async Task When_the_source_gives_up_its_reason_counts_and_not_the_targets_broken_connection()
    {
        for (var i = 0; i < 20; i++)
        {
            var (record, tried) = await MoveAsync(
                incarnation => new MoveFailed(incarnation, "walks.", BeganHere: true, MayPass: incarnation < 3), fromTarget: incarnation => new MoveFailed(incarnation, "it broke off."));
            Assert.Equal("walks.", record.Failure);
            Assert.Equal([2, 3], tried);
        }
    }

    /// <summary>CRIU was killed before it could take its name away.</summary>
    [Fact]
    public async Task What_a_failed_dump_linked_is_taken_away_before_the_next_try()
    {
        var files = Directory.CreateDirectory(Path.Combine(_folder, "files")).FullName;
        var data = Path.Combine(files, "data");
        await File.WriteAllTextAsync(data, "", Cancellation);
        var left = Path.Combine(files, "link_remap.1");
        var free = new List<bool>();
        await MoveAsync(
            incarnation =>
            {
                free.Add(!File.Exists(left));
                FileStatus.Link(data, left);
                return new MoveFailed(incarnation, "killed.", BeganHere: true, MayPass: incarnation < 4);
            },
            first: new MayLink([new LinkedFile(files, FileStatus.Of(data).Inode)]));
        Assert.Equal([true, true, true], free);
        Assert.False(File.Exists(left));
    }

    [Fact]
    public async Task The_name_that_another_job_has_when_a_move_has_succeeded_stays()
    {
        var files = Directory.CreateDirectory(Path.Combine(_folder, "files")).FullName;
        var data = Path.Combine(files, "data");
        await File.WriteAllTextAsync(data, "", Cancellation);
        var anothers = Path.Combine(files, "link_remap.1");
        var record = await MoveAsync(
            async (move, source, target) =>
            {
                await source.SendAsync(new MayLink([new LinkedFile(files, FileStatus.Of(data).Inode)]), Cancellation);
                await source.SendAsync(new Sent(move.Ticket.Incarnation, [], 0, new ChannelEnd(0, []), new ChannelEnd(0, []), 0, 0), Cancellation);
                await target.SendAsync(new Arrived(0), Cancellation);
            },
            // The restore of this job has taken its name away, and another one, which holds the same file, is just being dumped.
            () => FileStatus.Link(data, anothers));
        Assert.True(record.Committed, record.Failure);
        Assert.True(File.Exists(anothers));
        // Nor later, when the job is found to be over.
        Assert.Empty(LinkRemaps.Settle(_folder));
    }

    private async Task<(MoveRecord Record, List<int> Tried)> MoveAsync(Func<int, HostMessage> answer, int pause = 0, Func<int, HostMessage>? fromTarget = null, HostMessage? first = null)
    {
        var tried = new List<int>();
        var record = await MoveAsync(async (move, source, target) =>
        {
            tried.Add(move.Ticket.Incarnation);
            if (first is not null)
                await source.SendAsync(first, Cancellation);
            await Task.Delay(pause, Cancellation);
            if (fromTarget is not null)
                await target.SendAsync(fromTarget(move.Ticket.Incarnation), Cancellation);
            await source.SendAsync(answer(move.Ticket.Incarnation), Cancellation);
            await source.SendAsync(new Stayed(move.Ticket.Incarnation), Cancellation);
        });
        return (record, tried);
    }

    /// <summary>A move between two hosts that do nothing but what is given.</summary>
    /// <param name="moveOut">What the source does when it is told to: the order, its reports, those of the target.</param>
    /// <param name="committed">What the target does when it may go on.</param>
    private async Task<MoveRecord> MoveAsync(Func<MoveOut, MessageStream<HostMessage>, MessageStream<HostMessage>, Task> moveOut, Action? committed = null)
    {
        MessageStream<HostMessage>? target = null;
        await using var home = new TestHome(_folder, startNode: "alpha", (node, incarnation) => Host(node, incarnation, async (order, reports) =>
        {
            switch (order)
            {
                case Launch:
                    await reports.SendAsync(new Launched(), Cancellation);
                    break;
                case PrepareArrival:
                    target = reports;
                    await reports.SendAsync(new ReadyToReceive(), Cancellation);
                    break;
                case MoveOut move:
                    await moveOut(move, reports, target!);
                    break;
                case Decide { Commit: true } when reports == target:
                    committed?.Invoke();
                    await reports.SendAsync(new Resumed(), Cancellation);
                    break;
                default:
                    break;
            }
        }));
        _ = home.Deputy.RunAsync(Cancellation);
        return await home.Deputy.MoveAsync(new MoveCommand("beta", "localhost:2", "by hand", -1, 5), static _ => { }, Cancellation).WaitAsync(Patience, Cancellation);
    }

    private static HostConnection Host(string node, int incarnation, Func<DeputyMessage, MessageStream<HostMessage>, Task> obey)
    {
        var (ours, theirs) = LinkPair.Create(JobChannels.Count);
        _ = ObeyAsync();
        return new HostConnection(node, incarnation, ours);

        async Task ObeyAsync()
        {
            using var orders = new MessageStream<DeputyMessage>(theirs[JobChannels.Control], JobJson.Default.DeputyMessage);
            using var reports = new MessageStream<HostMessage>(theirs[JobChannels.Control], JobJson.Default.HostMessage);
            while (await orders.ReceiveAsync(Cancellation) is { } order)
                await obey(order, reports);
        }
    }
}
