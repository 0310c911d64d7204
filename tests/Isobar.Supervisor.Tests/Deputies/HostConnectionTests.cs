using System.Text;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Supervisor.Deputies;

namespace Isobar.Supervisor.Tests.Deputies;

/// <summary>What a job's host says of one move is never taken for a word about another.</summary>
public sealed class HostConnectionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly HostConnection _host;
    private readonly ResumableLink _theirs;
    private readonly MessageStream<HostMessage> _reports;

    public HostConnectionTests()
    {
        (var ours, _theirs) = LinkPair.Create(JobChannels.Count);
        _host = new HostConnection("beta", 1, ours);
        _reports = new MessageStream<HostMessage>(_theirs[JobChannels.Control], JobJson.Default.HostMessage);
        _ = _host.ListenAsync(static report => report is Exited { ExitCode: 66 } ? throw new UnauthorizedAccessException("A disk is read-only.") : ValueTask.CompletedTask, Cancellation);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _host.Dispose();
        _reports.Dispose();
        _theirs.Close();
    }

    [Fact]
    public async Task A_late_failure_of_an_earlier_move_does_not_fail_the_next_one()
    {
        await SayAsync(new MoveFailed(2, "too late."), new Stayed(2), Sent(3));
        Assert.Equal(3, (await _host.NextStepAsync<Sent>(3, Patience, "testing", Cancellation)).Incarnation);
    }

    [Fact]
    public async Task Late_images_of_an_earlier_move_are_not_those_of_the_next_one()
    {
        await SayAsync(Sent(2), Sent(3));
        Assert.Equal(3, (await _host.NextStepAsync<Sent>(3, Patience, "testing", Cancellation)).Incarnation);
    }

    [Fact]
    public async Task The_failure_of_this_move_fails_it()
    {
        await SayAsync(new MoveFailed(3, "no room."));
        var failure = await Assert.ThrowsAsync<MoveException>(() => _host.NextStepAsync<Sent>(3, Patience, "testing", Cancellation));
        Assert.Equal("no room.", failure.Message);
    }

    [Fact]
    public async Task A_move_given_up_is_over_when_its_source_says_so()
    {
        await SayAsync(new Stayed(2), new MoveFailed(3, "given up."));
        var over = _host.StayedAsync(3, Patience);
        await Task.Delay(100, Cancellation);
        Assert.False(over.IsCompleted);
        await SayAsync(new Stayed(3));
        await over.WaitAsync(Patience, Cancellation);
    }

    [Fact]
    public async Task A_source_that_is_gone_is_not_waited_for()
    {
        var over = _host.StayedAsync(3, Patience);
        _theirs.Close();
        await over.WaitAsync(Patience / 3, Cancellation);
    }

    [Fact]
    public async Task A_report_that_is_not_known_not_whole_or_not_dealt_with_is_not_the_last()
    {
        foreach (var text in (string[])["""{"is":"ofANewerVersion","what":[1]}""", """{"is":"exited","exitCode":"none"}""", """{"what":1}""", "{"])
        {
            byte[] message = [.. BitConverter.GetBytes(text.Length), .. Encoding.ASCII.GetBytes(text)];
            await _theirs[JobChannels.Control].WriteAsync(message, Cancellation);
        }

        await SayAsync(new Exited(66, 0), new Stayed(3));
        await _host.StayedAsync(3, Patience).WaitAsync(Patience / 2, Cancellation);
        await SayAsync(Sent(3));
        Assert.Equal(3, (await _host.NextStepAsync<Sent>(3, Patience, "testing", Cancellation)).Incarnation);
    }

    private static Sent Sent(int incarnation) => new(incarnation, [], 0, new ChannelEnd(0, []), new ChannelEnd(0, []), 0, 0);

    private async Task SayAsync(params IReadOnlyList<HostMessage> reports)
    {
        foreach (var report in reports)
            await _reports.SendAsync(report, Cancellation);
    }
}
