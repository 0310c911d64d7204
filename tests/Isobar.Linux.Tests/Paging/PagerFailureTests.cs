using Isobar.Linux.Paging;
using Isobar.Linux.Processes;
using static Isobar.Linux.Tests.Paging.Batches;

namespace Isobar.Linux.Tests.Paging;

/// <summary>What goes wrong costs a job time, never its pages nor its life.</summary>
public sealed class PagerFailureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-pages").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_waits_for_a_page_gets_it_also_when_whoever_is_told_fails()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null) { CameBack = () => throw new IOException("no descriptors") };
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        Assert.InRange(await TakeAllAsync(pager, program, new MemoryServer()), 8 * 256, int.MaxValue);
        // Several threads: one step of the pager has pages for all of them.
        Assert.Equal("ok", await program.AskAsync("write 4"));
        await Task.Delay(2000, Cancellation);
        Assert.EndsWith(" done, 0 wrong", await program.AskAsync("stop"), StringComparison.Ordinal);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task A_batch_that_could_not_be_kept_is_kept_by_the_next()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        var server = new Stumbling();
        await Assert.ThrowsAnyAsync<IOException>(() => TakeAsync(pager, program, 64, server));
        Assert.InRange(await TakeAsync(pager, program, 64, server), 1, 64);
        Assert.Equal(pager.Counts.Elsewhere, server.Kept);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task A_server_that_came_back_more_often_than_there_are_numbers_gets_pages_again()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        var server = new MemoryServer();
        for (var i = 0; i < 260; i++)
        {
            server = new MemoryServer();
            await TakeAsync(pager, program, 4, server);
            server.IsGone = i < 259;
        }

        Assert.NotEqual(0, server.Count);
        Assert.Equal((long)server.Count * Page.Size, pager.Places["test"]);
        Assert.Equal("ok", await program.AskAsync("check"));
        Assert.Equal(pager.Counts.Elsewhere * Page.Size, pager.Places.Values.Sum());
    }

    [Fact]
    public async Task A_process_that_is_killed_while_its_pages_go_does_not_keep_the_others_from_going()
    {
        await using var killed = new PagesProgram();
        await using var other = new PagesProgram();
        using var held = new ManualResetEventSlim(true);
        using var pager = new Pager(_folder, null) { CameBack = () => held.Wait(TimeSpan.FromSeconds(30)) };
        Assert.Equal("ok", await killed.AskAsync("fill 8"));
        Assert.Equal("ok", await other.AskAsync("fill 8"));
        await TakeAllAsync(pager, killed, null);
        // The pager is held where it does not hear of pages that are dropped, so the process is held in the midst of dropping them.
        held.Reset();
        await killed.TellAsync("check");
        while (pager.Counts.Back < 64)
            await Task.Delay(5, Cancellation);
        var before = pager.Counts.Elsewhere;
        var taking = Task.Run(() => TakeAllAsync(pager, killed, null), Cancellation);
        while (pager.Counts.Elsewhere == before && !taking.IsCompleted)
            await Task.Delay(5, Cancellation);
        SignalSender.Send(killed.Pid, 9);
        await Assert.ThrowsAnyAsync<IOException>(() => taking);
        held.Set();
        Assert.InRange(await TakeAllAsync(pager, other, null), 8 * 256, int.MaxValue);
        Assert.Equal("ok", await other.AskAsync("check"));
    }

    public void Dispose() => Directory.Delete(_folder, true);

    /// <summary>Fails once.</summary>
    private sealed class Stumbling : IPageServer
    {
        private bool _hasFailed;

        public string Name => "stumbling";

        public bool IsGone => false;

        public int Kept { get; private set; }

        public bool Ask(uint slot, int pages) => false;

        public bool Receive(uint slot, Span<byte> pages) => false;

        public bool Put(uint slot, ReadOnlySpan<byte> pages)
        {
            if (!_hasFailed)
            {
                _hasFailed = true;
                throw new IOException("once");
            }

            Kept += pages.Length / Page.Size;
            return true;
        }

        public void Drop(uint slot, int pages)
        {
        }
    }
}
