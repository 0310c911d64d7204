using Isobar.Linux.Threads;

namespace Isobar.Linux.Tests.Threads;

public sealed class WaitingThreadsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Work_gets_a_thread_however_many_wait_already()
    {
        using var gate = new ManualResetEventSlim();
        using var all = new CountdownEvent(40);
        var work = Enumerable.Range(0, 40).Select(i => WaitingThreads.RunAsync("test", () =>
        {
            all.Signal();
            gate.Wait(Cancellation);
            return i;
        })).ToList();
        Assert.True(all.Wait(TimeSpan.FromSeconds(30), Cancellation));
        gate.Set();
        Assert.Equal(Enumerable.Range(0, 40), await Task.WhenAll(work).WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    [Fact]
    public async Task A_thread_that_is_done_takes_the_next_work()
    {
        var threads = new HashSet<int>();
        for (var i = 0; i < 50; i++)
        {
            threads.Add(await WaitingThreads.RunAsync("test", () => Environment.CurrentManagedThreadId));
            // The result is told just before the thread waits for more.
            await Task.Delay(5, Cancellation);
        }

        Assert.InRange(threads.Count, 1, 10);
    }

    [Fact]
    public async Task What_work_throws_is_the_tasks()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => WaitingThreads.RunAsync("test", () => throw new InvalidDataException()));
    }

    [Fact]
    public async Task Many_at_a_time_all_run_once()
    {
        var count = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation }, async (_, _) =>
            await WaitingThreads.RunAsync("test", () => { Interlocked.Increment(ref count); }));
        Assert.Equal(2000, count);
    }

    [Fact]
    public async Task Posts_run_in_order_on_one_thread_that_is_not_the_posters()
    {
        Posts.Prepare();
        // What goes on after the last post must not run on the posts' thread.
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var poster = Environment.CurrentManagedThreadId;
        var seen = new List<(int Number, int Thread)>();
        for (var i = 0; i < 100; i++)
        {
            var number = i;
            Posts.Add(() => seen.Add((number, Environment.CurrentManagedThreadId)));
        }

        Posts.Add(done.SetResult);
        await done.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        Assert.Equal(Enumerable.Range(0, 100), seen.Select(one => one.Number));
        Assert.Single(seen.Select(one => one.Thread).Distinct());
        Assert.NotEqual(poster, seen[0].Thread);
    }
}
