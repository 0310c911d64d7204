using System.Text;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Supervisor.Deputies;

namespace Isobar.Supervisor.Tests.Deputies;

public sealed class OutputRouteTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task The_hosts_follow_each_other_without_a_gap()
    {
        var (first, firstHost) = LinkPair.Create(1);
        var (second, secondHost) = LinkPair.Create(1);
        var route = new OutputRoute();
        route.Append(first[0]);
        await firstHost[0].WriteAsync("one "u8.ToArray());
        var reading = ReadAsync(route, "one tail two".Length);
        await first[0].ReceivedAtLeastAsync(4, TestContext.Current.CancellationToken).WaitAsync(Patience);
        route.EndCurrent(new ChannelEnd(4, "tail "u8.ToArray()));
        route.Append(second[0]);
        await secondHost[0].WriteAsync("two"u8.ToArray());
        Assert.Equal("one tail two", await reading.WaitAsync(Patience));
        secondHost[0].Complete();
        Assert.Equal(0, await route.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task What_the_old_host_wrote_comes_first_even_when_it_arrives_last()
    {
        var (first, firstHost) = LinkPair.Create(1);
        var (second, secondHost) = LinkPair.Create(1);
        var route = new OutputRoute();
        route.Append(first[0]);
        route.EndCurrent(new ChannelEnd(3, []));
        route.Append(second[0]);
        await secondHost[0].WriteAsync("new"u8.ToArray());
        await second[0].ReceivedAtLeastAsync(3, TestContext.Current.CancellationToken).WaitAsync(Patience);
        await firstHost[0].WriteAsync("old"u8.ToArray());
        Assert.Equal("oldnew", await ReadAsync(route, 6).WaitAsync(Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_host_that_ends_at_once_does_not_end_the_route(bool dismissed)
    {
        // The end of its link and the word of the change race to the waiting reader: often enough, each wins.
        for (var round = 0; round < 300; round++)
        {
            var (first, _) = LinkPair.Create(1);
            var (second, secondHost) = LinkPair.Create(1);
            var route = new OutputRoute();
            route.Append(first[0]);
            var reading = ReadAsync(route, 3);
            route.EndCurrent(new ChannelEnd(0, []));
            if (dismissed)
                first.CloseNow();
            else
                EndArrives(first);
            route.Append(second[0]);
            await secondHost[0].WriteAsync("new"u8.ToArray(), TestContext.Current.CancellationToken);
            Assert.Equal("new", await reading.WaitAsync(Patience, TestContext.Current.CancellationToken));
            second.CloseNow();
            first.CloseNow();
        }
    }

    [Fact]
    public async Task A_job_that_never_started_has_no_output()
    {
        var route = new OutputRoute();
        var reading = route.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask();
        route.Finish();
        Assert.Equal(0, await reading.WaitAsync(Patience));
    }

    // At this moment, and not when a socket comes to it: otherwise the word of the change would always win.
    private static void EndArrives(ResumableLink link)
    {
        lock (link.Gate)
            link[0].OnEnd();
    }

    private static async Task<string> ReadAsync(OutputRoute route, int length)
    {
        var all = new StringBuilder();
        var buffer = new byte[2];
        while (all.Length < length)
        {
            var read = await route.ReadAsync(buffer, TestContext.Current.CancellationToken);
            if (read == 0)
                return all + "<end>";
            all.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return all.ToString();
    }
}
