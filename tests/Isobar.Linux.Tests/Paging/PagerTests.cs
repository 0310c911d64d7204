using Isobar.Linux.Paging;
using Isobar.Linux.Paging.Tracing;
using Isobar.Linux.Processes;
using static Isobar.Linux.Tests.Paging.Batches;

namespace Isobar.Linux.Tests.Paging;

/// <summary>Pages of a running program go to a server's memory and come back when they are touched; the program itself says whether its memory is what it was.</summary>
public sealed class PagerTests : IDisposable
{
    private const int Megabytes = 48;
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-pages").FullName;

    [Fact]
    public async Task All_pages_go_and_come_back_as_they_were()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        var server = new MemoryServer();
        Assert.Equal("ok", await program.AskAsync($"fill {Megabytes}"));
        var before = program.ResidentBytes;
        var fds = ProcFs.Descriptors(program.Pid);
        var out_ = await TakeAllAsync(pager, program, server);
        Assert.InRange(out_, Megabytes * 256, (Megabytes + 2) * 256);
        Assert.Equal(out_, server.Count);
        Assert.InRange(before - program.ResidentBytes, (Megabytes - 2) << 20, long.MaxValue);
        Assert.Equal(fds, ProcFs.Descriptors(program.Pid));
        Assert.Equal("ok", await program.AskAsync("check"));
        Assert.InRange(pager.Counts.Back, Megabytes * 256, out_);
        Assert.Equal(0, pager.Counts.BackFromDisk);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task Of_another_user_too()
    {
        await using var program = new PagesProgram("65534");
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        Assert.InRange(await TakeAllAsync(pager, program, new MemoryServer()), 8 * 256, int.MaxValue);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task A_server_that_is_lost_or_full_costs_nothing_but_time()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        var (lost, full) = (new MemoryServer(), new MemoryServer(1000));
        Assert.Equal("ok", await program.AskAsync($"fill {Megabytes}"));
        await TakeAsync(pager, program, 4000, lost);
        await TakeAsync(pager, program, 4000, full);
        lost.IsGone = true;
        Assert.Equal("ok", await program.AskAsync("check"));
        Assert.InRange(pager.Counts.BackFromDisk, 4000 + 2000, 8000);
    }

    [Fact]
    public async Task Everything_is_home_and_nothing_is_watched_afterwards()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        var server = new MemoryServer();
        Assert.Equal("ok", await program.AskAsync($"fill {Megabytes}"));
        await TakeAllAsync(pager, program, server);
        pager.BringHome(TimeSpan.FromSeconds(30));
        Assert.Equal(0, pager.Counts.Elsewhere);
        Assert.DoesNotContain(await File.ReadAllLinesAsync($"/proc/{program.Pid}/smaps", TestContext.Current.CancellationToken), line => line.StartsWith("VmFlags:", StringComparison.Ordinal) && line.Contains(" um", StringComparison.Ordinal));
        Assert.Equal("ok", await program.AskAsync("check"));
        // And once more.
        Assert.InRange(await TakeAllAsync(pager, program, server), Megabytes * 256, int.MaxValue);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task A_fork_has_the_same_pages_elsewhere_as_its_parent()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync($"fill {Megabytes}"));
        await TakeAllAsync(pager, program, new MemoryServer());
        Assert.Equal("ok", await program.AskAsync("fork"));
        pager.Tidy();
        Assert.InRange(pager.Counts.Elsewhere, 0, 2000);
    }

    [Fact]
    public async Task What_the_program_gives_up_moves_or_empties_is_followed()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync($"fill {Megabytes}"));
        for (var round = 0; round < 3; round++)
        {
            await TakeAllAsync(pager, program, new MemoryServer());
            Assert.Equal("ok", await program.AskAsync("remap"));
        }
    }

    [Fact]
    public async Task Threads_write_while_pages_go_and_lose_nothing()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        var server = new MemoryServer();
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        Assert.Equal("ok", await program.AskAsync("write 4"));
        var taken = 0;
        for (var round = 0; round < 40; round++)
            taken += await TakeAsync(pager, program, 256 + (round % 3 * 384), round % 5 == 4 ? null : server);
        var said = await program.AskAsync("stop");
        Assert.EndsWith(" done, 0 wrong", said, StringComparison.Ordinal);
        Assert.InRange(int.Parse(said.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture), 1000, int.MaxValue);
        Assert.InRange(taken, 5_000, int.MaxValue);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task Waits_go_on_as_if_nobody_had_looked()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        Assert.Equal("ok", await program.AskAsync("wait"));
        var taken = 0;
        for (var round = 0; round < 30; round++)
        {
            taken += await TakeAsync(pager, program, 64, new MemoryServer());
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.InRange(taken, 15 * 64, int.MaxValue);

        Assert.Equal("ok", await program.AskAsync("go"));
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task Who_is_stopped_stays_stopped()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        SignalSender.Send(program.Pid, 19);
        Assert.InRange(await TakeAllAsync(pager, program, new MemoryServer()), 8 * 256, int.MaxValue);
        // Let go, it takes a moment to come to stand where it stood.
        for (var look = 0; look < 500 && ProcFs.Stat(program.Pid)?.IsStopped == false; look++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.True(ProcFs.Stat(program.Pid)?.IsStopped);
        SignalSender.Send(program.Pid, 18);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task Who_starts_programs_all_the_time_is_not_held_up()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        await program.TellAsync("start 40");
        var taken = 0;
        for (var round = 0; round < 20; round++)
            taken += await TakeAsync(pager, program, 64, new MemoryServer());
        Assert.InRange(taken, 10 * 64, int.MaxValue);
        Assert.Equal("ok", await program.HearAsync());
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task Who_lets_the_kernel_write_behind_his_back_keeps_his_pages()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        Assert.Equal("ok", await program.AskAsync("ring"));
        Assert.Contains("io_uring", Assert.Throws<PagingException>(() => pager.Take(() => program.All, program.Pid, 64, null)).Message, StringComparison.Ordinal);
        Assert.Equal(0, pager.Counts.Elsewhere);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task Who_is_traced_by_another_keeps_his_pages_and_his_tracer()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        var failure = await Task.Factory.StartNew(
            () =>
            {
                using var held = StandingProcesses.Hold(() => [program.Pid], TimeSpan.FromSeconds(5));
                return Assert.Throws<PagingException>(() => pager.Take(() => program.All, program.Pid, 64, null));
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Assert.Contains("being traced", failure.Message, StringComparison.Ordinal);
        Assert.Equal("ok", await program.AskAsync("check"));
    }

    [Fact]
    public async Task Another_program_in_its_place_and_its_end_give_the_pages_back()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        var server = new MemoryServer();
        Assert.Equal("ok", await program.AskAsync($"fill {Megabytes}"));
        await TakeAllAsync(pager, program, server);
        Assert.NotEqual(0, server.Count);
        await program.TellAsync("exec /bin/cat");
        // What is written sooner might be read by the program that was there before.
        while (ProcFs.Stat(program.Pid)?.Name != "cat")
            await Task.Delay(5, TestContext.Current.CancellationToken);
        Assert.Equal("hello", await program.AskAsync("hello"));
        pager.Tidy();
        Assert.Equal(0, pager.Counts.Elsewhere);
        Assert.Equal(0, server.Count);
    }

    [Fact]
    public async Task A_killed_program_ends_at_once_although_its_pages_are_elsewhere()
    {
        await using var program = new PagesProgram();
        using var pager = new Pager(_folder, null);
        Assert.Equal("ok", await program.AskAsync("fill 8"));
        await TakeAllAsync(pager, program, new MemoryServer());
        await program.TellAsync("check");
        SignalSender.Send(program.Pid, 9);
        await program.EndedAsync();
        pager.Tidy();
        Assert.Equal(0, pager.Counts.Elsewhere);
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
