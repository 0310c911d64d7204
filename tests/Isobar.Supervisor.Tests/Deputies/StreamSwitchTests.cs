using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Supervisor.Deputies;

namespace Isobar.Supervisor.Tests.Deputies;

public sealed class StreamSwitchTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly StreamSwitch _streams = new();
    private readonly ResumableLink _user;
    private readonly ResumableLink _command;

    public StreamSwitchTests() => (_user, _command) = LinkPair.Create(JobChannels.Count);

    public void Dispose() => _streams.Dispose();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_reads_nothing_and_is_moved_twice_gets_all_of_its_input_in_order()
    {
        // More than fits into any host's window, so that what comes first is still being handed on at the second move.
        var typed = new byte[900_000];
        Random.Shared.NextBytes(typed);
        var (first, _) = LinkPair.Create(JobChannels.Count);
        _streams.Begin(first);
        _streams.Attach(_user);
        _ = TypeAsync(typed);
        await FullAsync(first);
        var (second, _) = LinkPair.Create(JobChannels.Count);
        await MoveAsync(second);
        await FullAsync(second);
        var (third, job) = LinkPair.Create(JobChannels.Count);
        await MoveAsync(third);
        Assert.Equal(typed, await ReadAllAsync(job));
    }

    [Fact]
    public async Task What_the_job_had_not_read_comes_before_the_rest()
    {
        var (first, old) = LinkPair.Create(JobChannels.Count);
        _streams.Begin(first);
        _streams.Attach(_user);
        await _command[JobChannels.Input].WriteAsync("one two "u8.ToArray(), Cancellation);
        // The host has taken all of it, and the job has read one word.
        var taken = new byte[8];
        await ReadExactlyAsync(old, taken);
        await _streams.PauseInputAsync();
        await _command[JobChannels.Input].WriteAsync("three"u8.ToArray(), Cancellation);
        _command[JobChannels.Input].Complete();
        var (second, job) = LinkPair.Create(JobChannels.Count);
        _streams.SwitchTo(second, Sent("two "u8.ToArray(), taken: 8));
        Assert.Equal("two three"u8.ToArray(), await ReadAllAsync(job));
    }

    [Fact]
    public async Task A_move_that_failed_before_input_was_stopped_leaves_the_input_alone()
    {
        var (first, job) = LinkPair.Create(JobChannels.Count);
        _streams.Begin(first);
        _streams.Attach(_user);
        // A second reader of the same input would take pieces out of turn.
        for (var i = 0; i < 20; i++)
            _streams.ResumeInput();
        var typed = new byte[2_000_000];
        Random.Shared.NextBytes(typed);
        _ = TypeAsync(typed);
        Assert.Equal(typed, await ReadAllAsync(job));
    }

    [Fact]
    public async Task Input_flows_again_after_a_move_that_came_to_nothing()
    {
        var (first, job) = LinkPair.Create(JobChannels.Count);
        _streams.Begin(first);
        _streams.Attach(_user);
        await _streams.PauseInputAsync();
        _ = TypeAsync("hello"u8.ToArray());
        await Task.Delay(50, Cancellation);
        Assert.Equal(0, first[JobChannels.Input].Written);
        _streams.ResumeInput();
        Assert.Equal("hello"u8.ToArray(), await ReadAllAsync(job));
    }

    [Fact]
    public async Task A_user_who_comes_in_the_middle_of_a_move_is_heard_at_the_target()
    {
        var (first, _) = LinkPair.Create(JobChannels.Count);
        _streams.Begin(first);
        await _streams.PauseInputAsync();
        _streams.Attach(_user);
        _ = TypeAsync("hello"u8.ToArray());
        await Task.Delay(50, Cancellation);
        Assert.Equal(0, first[JobChannels.Input].Written);
        var (second, job) = LinkPair.Create(JobChannels.Count);
        _streams.SwitchTo(second, Sent([], taken: 0));
        Assert.Equal("hello"u8.ToArray(), await ReadAllAsync(job));
    }

    [Fact]
    public async Task The_end_of_the_input_is_told_to_every_host()
    {
        var (first, old) = LinkPair.Create(JobChannels.Count);
        _streams.Begin(first);
        _streams.Attach(_user);
        _ = TypeAsync([]);
        Assert.Empty(await ReadAllAsync(old));
        var (second, job) = LinkPair.Create(JobChannels.Count);
        await MoveAsync(second);
        Assert.Empty(await ReadAllAsync(job));
    }

    private static Sent Sent(byte[] unread, long taken) => new(2, unread, taken, new ChannelEnd(0, []), new ChannelEnd(0, []), 0, 0);

    private async Task MoveAsync(ResumableLink target)
    {
        await _streams.PauseInputAsync();
        _streams.SwitchTo(target, Sent([], taken: 0));
    }

    private async Task TypeAsync(byte[] bytes)
    {
        await _command[JobChannels.Input].WriteAsync(bytes, Cancellation);
        _command[JobChannels.Input].Complete();
    }

    /// <summary>Nothing more goes to this host, since nobody reads there.</summary>
    private static async Task FullAsync(ResumableLink host)
    {
        var input = host[JobChannels.Input];
        for (var before = -1L; before != input.Written || before == 0;)
        {
            before = input.Written;
            await Task.Delay(100, Cancellation);
        }
    }

    private static async Task ReadExactlyAsync(ResumableLink host, Memory<byte> into)
    {
        while (into.Length > 0)
            into = into[await host[JobChannels.Input].ReadAsync(into, Cancellation).AsTask().WaitAsync(Patience, Cancellation)..];
    }

    private static async Task<byte[]> ReadAllAsync(ResumableLink host)
    {
        using var all = new MemoryStream();
        var buffer = new byte[10_000];
        int read;
        while ((read = await host[JobChannels.Input].ReadAsync(buffer, Cancellation).AsTask().WaitAsync(Patience, Cancellation)) > 0)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }
}
