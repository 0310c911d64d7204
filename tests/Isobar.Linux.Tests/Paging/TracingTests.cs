using System.Globalization;
using Isobar.Linux.Paging;
using Isobar.Linux.Paging.Tracing;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Tests.Paging;

/// <summary>What is held goes on as it was, or not at all.</summary>
public sealed class TracingTests
{
    private const int GetPid = 39;
    private const int Queued = 34;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_cannot_be_put_back_is_killed()
    {
        await using var program = new PagesProgram();
        await OnThreadAsync(() =>
        {
            using var standing = StandingProcesses.Hold(() => [program.Pid], Within);
            // There is no instruction at all.
            using var calls = ForeignCalls.Begin(standing, program.Pid, 8);
            Assert.Throws<PagingException>(() => calls.Call(GetPid));
        });
        Assert.Equal(ExitStatus.Killed(9), await program.EndedAsync() ?? ExitStatus.Killed(9));
    }

    [Fact]
    public async Task Who_calls_for_us_when_we_end_is_killed()
    {
        await using var program = new PagesProgram();
        await OnThreadAsync(() =>
        {
            var standing = StandingProcesses.Hold(() => [program.Pid], Within);
            var calls = ForeignCalls.Begin(standing, program.Pid, ForeignMemory.FindSystemCall(program.Pid, MemoryArea.Of(program.Pid)));
            Assert.Equal(program.Pid, calls.Call(GetPid));
        });
        Assert.Equal(ExitStatus.Killed(9), await program.EndedAsync() ?? ExitStatus.Killed(9));
    }

    [Fact]
    public async Task Who_is_only_held_when_we_end_goes_on()
    {
        await using var program = new PagesProgram();
        await OnThreadAsync(() =>
        {
            var standing = StandingProcesses.Hold(() => [program.Pid], Within);
            using var calls = ForeignCalls.Begin(standing, program.Pid, ForeignMemory.FindSystemCall(program.Pid, MemoryArea.Of(program.Pid)));
            Assert.Equal(program.Pid, calls.Call(GetPid));
        });
        Assert.Equal("ok", await program.AskAsync("fill 1"));
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task No_signal_is_lost_when_it_cannot_be_held_in_time()
    {
        const int Holds = 300;
        await using var program = new PagesProgram();
        Assert.Equal("ok", await program.AskAsync("count"));
        using var enough = new CancellationTokenSource();
        var sent = 0;
        var sending = OnThreadAsync(() =>
        {
            while (!enough.IsCancellationRequested)
            {
                // As many as are surely dealt with soon: the kernel queues some thousands.
                for (var i = 0; i < 100; i++, sent++)
                    SignalSender.Send(program.Pid, Queued);
                Thread.Sleep(1);
            }
        });
        var inTime = 0;
        for (var i = 0; i < Holds; i++)
        {
            await OnThreadAsync(() =>
            {
                try
                {
                    StandingProcesses.Hold(() => [program.Pid], TimeSpan.Zero).Dispose();
                    inTime++;
                }
                catch (PagingException)
                {
                    // That is what is looked for.
                }
            });
        }

        await enough.CancelAsync();
        await sending;
        Assert.InRange(inTime, 0, Holds - 10);
        Assert.Equal(sent.ToString(CultureInfo.InvariantCulture), await program.AskAsync("counted"));
    }

    // Whoever traces is a thread, and lets go when it ends.
    private static Task OnThreadAsync(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true };
        thread.Start();
        return done.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
    }
}
