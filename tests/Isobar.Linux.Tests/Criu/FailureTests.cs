using Isobar.Linux.Criu;
using Isobar.Linux.Criu.Images;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Tests.Criu;

/// <summary>Whatever fails before the commit, the job goes on here, once, as if nothing had been tried.</summary>
[Collection(CriuCollection.Name)]
public sealed class FailureTests
{
    // Counts until it is told to stop.
    private const string Counter = "i=0; while echo $i; [ ! -e /dev/shm/stop ]; do i=$((i+1)); read -t 0.002 x; done; exit 5";

    // 50 MB, so that there is something to interrupt.
    private const string Large = "import sys\nb = bytearray(50_000_000)\nprint('up')\nsys.stdin.readline()\nprint('done')";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_of_no_lets_the_job_run_on()
    {
        await using var job = await CriuTestJob.StartShellAsync(Counter);
        var output = await job.ReadUntilAsync("\n20\n");
        var result = await job.DumpAsync(_ => Task.FromResult(false));
        Assert.Equal(DumpOutcome.RunsOn, result.Outcome);
        await AssertWholeAsync(job, output);
    }

    [Fact]
    public async Task The_tasks_stand_still_until_the_answer()
    {
        await using var job = await CriuTestJob.StartShellAsync(Counter);
        var output = await job.ReadUntilAsync("\n20\n");
        Task<string>? late = null;
        await job.DumpAsync(async token =>
        {
            output += await job.ReadAsync();
            var next = job.ReadAsync();
            Assert.NotSame(next, await Task.WhenAny(next, Task.Delay(300, token)));
            late = next;
            return false;
        });
        await AssertWholeAsync(job, output + await late!);
    }

    [Fact]
    public async Task An_exception_at_the_frozen_point_comes_out_and_the_job_runs_on()
    {
        await using var job = await CriuTestJob.StartShellAsync(Counter);
        var output = await job.ReadUntilAsync("\n20\n");
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => job.DumpAsync(_ => throw new TimeZoneNotFoundException()));
        await AssertWholeAsync(job, output);
    }

    [Fact]
    public async Task A_mover_killed_at_the_frozen_point_lets_the_job_run_on()
    {
        await using var job = await CriuTestJob.StartShellAsync(Counter);
        var output = await job.ReadUntilAsync("\n20\n");
        await DyingMover.RunAsync("dump", job);
        await AssertWholeAsync(job, output);
    }

    [Fact]
    public async Task A_failing_sink_ends_the_dump_and_the_job_runs_on()
    {
        await using var job = await CriuTestJob.StartPythonAsync(Large);
        await job.ReadUntilAsync("up\n");
        var error = await Assert.ThrowsAsync<IOException>(() => CriuDump.RunAsync(job.Criu, job.DumpOptions, new FailingSink(10_000_000), _ => Task.FromResult(true), Token));
        Assert.Equal("the wire is cut", error.Message);
        job.Write("\n");
        Assert.Equal("done\n", await job.ReadUntilAsync("done\n"));
        Assert.Empty(Directory.GetFiles(job.Work, "*.sock"));
    }

    [Fact]
    public async Task Cancelling_before_the_frozen_point_leaves_the_job_running_and_nothing_behind()
    {
        await using var job = await CriuTestJob.StartPythonAsync(Large);
        await job.ReadUntilAsync("up\n");
        var children = ProcessTree.Descend(Environment.ProcessId).Count;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var dump = CriuDump.RunAsync(job.Criu, job.DumpOptions, new HangingSink(10_000_000, cancel.CancelAsync), _ => Task.FromResult(true), cancel.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dump.WaitAsync(TimeSpan.FromSeconds(10), Token));
        Assert.Equal(children, ProcessTree.Descend(Environment.ProcessId).Count);
        job.Write("\n");
        Assert.Equal("done\n", await job.ReadUntilAsync("done\n"));
    }

    [Fact]
    public async Task A_refused_resume_kills_the_copy_before_it_runs_and_the_job_goes_on()
    {
        await using var job = await CriuTestJob.StartShellAsync(Counter);
        var output = await job.ReadUntilAsync("\n20\n");
        var refused = -1;
        string? written = null;
        await job.DumpAsync(async _ =>
        {
            using var input = KernelPipe.Create();
            using var copyOutput = KernelPipe.Create();
            CriuTestJob.Mount(job.Root);
            var options = job.WithStdio(job.RestoreOptions, input.ReadEnd, copyOutput.WriteEnd);
            var error = await Assert.ThrowsAsync<CriuException>(() => CriuRestore.RunAsync(job.Criu, options, async (restored, t) =>
            {
                refused = restored.InitPid;
                Assert.True(ProcessTree.Descend(refused).Count >= 2);
                await Task.Delay(100, t);
                return false;
            }, Token));
            CriuTestJob.Unmount(job.Root);
            Assert.Contains("not allowed to start", error.Message, StringComparison.Ordinal);
            copyOutput.WriteEnd.Dispose();
            written = await Isobar.Linux.Tests.Processes.SpawnTests.ReadAllAsync(copyOutput.ReadEnd);
            return false;
        });
        Assert.Equal("", written);
        Assert.Null(ProcFs.Stat(refused));
        await AssertWholeAsync(job, output);
    }

    [Fact]
    public async Task A_mover_killed_before_the_resume_takes_the_copy_with_it()
    {
        await using var job = await CriuTestJob.StartShellAsync(Counter);
        var output = await job.ReadUntilAsync("\n20\n");
        string? written = null;
        await job.DumpAsync(async _ =>
        {
            using var input = KernelPipe.Create();
            using var copyOutput = KernelPipe.Create();
            CriuTestJob.Mount(job.Root);
            await DyingMover.RunAsync("restore", job, input.ReadEnd, copyOutput.WriteEnd);
            copyOutput.WriteEnd.Dispose();

            // Ends only when the last process of the copy is gone.
            written = await Isobar.Linux.Tests.Processes.SpawnTests.ReadAllAsync(copyOutput.ReadEnd).WaitAsync(TimeSpan.FromSeconds(10), Token);
            CriuTestJob.Unmount(job.Root);
            return false;
        });
        Assert.Equal("", written);
        await AssertWholeAsync(job, output);
    }

    [Fact]
    public async Task A_cancelled_restore_leaves_nothing()
    {
        await using var job = await CriuTestJob.StartShellAsync(Counter);
        var output = await job.ReadUntilAsync("\n20\n");
        await job.DumpAsync(async _ =>
        {
            using var cancel = new CancellationTokenSource();
            var copy = -1;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job.RestoreAsync(
                async (restored, t) =>
                {
                    copy = restored.InitPid;
                    await cancel.CancelAsync();
                    await Task.Delay(Timeout.Infinite, t);
                    return true;
                },
                cancel: cancel));
            Assert.True(copy > 0);
            Assert.Null(ProcFs.Stat(copy));
            return false;
        });
        await AssertWholeAsync(job, output);
    }

    [Fact]
    public async Task A_restore_without_its_images_says_so()
    {
        await using var job = await CriuTestJob.StartShellAsync("echo up; read x");
        await job.ReadUntilAsync("up\n");
        await job.DumpAsync(_ => Task.FromResult(false));
        File.Delete(Directory.GetFiles(job.Images, "core-*").First());
        var error = await Assert.ThrowsAsync<CriuException>(() => job.RestoreAsync());
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.LogTail);
    }

    [Theory]
    [InlineData("io_uring", "import ctypes, time; p = (ctypes.c_char * 120)(); fd = ctypes.CDLL(None).syscall(425, 4, p); import mmap; assert fd > 0; m = mmap.mmap(fd, 4096, mmap.MAP_SHARED)")]
    [InlineData("userfaultfd", "import ctypes; fd = ctypes.CDLL(None).syscall(323, 1); assert fd > 0")]
    [InlineData("PID namespaces", "import ctypes, os, time; assert ctypes.CDLL(None).unshare(0x20000000) == 0; pid = os.fork(); pid or time.sleep(100)")]
    public async Task What_CRIU_cannot_move_is_named_and_the_job_goes_on(string word, string setUp)
    {
        await using var job = await CriuTestJob.StartPythonAsync(setUp + "\nprint('up')\nimport sys\nsys.stdin.readline()\nprint('alive')");
        await job.ReadUntilAsync("up\n");
        var error = await Assert.ThrowsAsync<CriuException>(() => job.DumpAsync(_ => Task.FromResult(true)));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        job.Write("go\n");
        Assert.Equal("alive\n", await job.ReadUntilAsync("alive\n"));
    }

    [Fact]
    public async Task A_traced_process_is_named_and_goes_on()
    {
        await using var job = await CriuTestJob.StartPythonAsync("""
            import ctypes, os, sys
            pid = os.fork()
            if pid == 0:
                ctypes.CDLL(None).ptrace(0, 0, 0, 0); os.kill(os.getpid(), 19); os._exit(7)
            os.waitpid(pid, 2); print("up"); sys.stdin.readline()
            ctypes.CDLL(None).ptrace(7, pid, 0, 0); print(os.waitpid(pid, 0)[1])
            """);
        await job.ReadUntilAsync("up\n");
        var error = await Assert.ThrowsAsync<CriuException>(() => job.DumpAsync(_ => Task.FromResult(true)));
        Assert.Contains("being traced", error.Message, StringComparison.Ordinal);
        job.Write("go\n");
        Assert.Equal($"{7 << 8}\n", await job.ReadUntilAsync("\n"));
    }

    [Fact]
    public async Task A_job_that_is_gone_is_said_to_be_gone()
    {
        var job = await CriuTestJob.StartShellAsync("read x");
        job.Write("\n");
        await job.Child.WaitAsync(Token);
        var error = await Assert.ThrowsAsync<CriuException>(() => job.DumpAsync(_ => Task.FromResult(true)));
        Assert.Contains("ended before", error.Message, StringComparison.Ordinal);
        await job.DisposeAsync();
    }

    private static async Task AssertWholeAsync(CriuTestJob job, string output)
    {
        job.Stop();
        output += await job.ReadToEndAsync();
        Assert.Equal(string.Join('\n', Enumerable.Range(0, output.Count(c => c == '\n'))) + "\n", output);
        Assert.Equal(5, (await job.Child.WaitAsync(Token)).Code);
    }

    private sealed class FailingSink(long after) : IImageSink
    {
        private long _bytes;

        public ValueTask WriteAsync(ImageChunk chunk, CancellationToken cancellationToken)
            => (_bytes += chunk.Length) > after ? throw new IOException("the wire is cut") : ValueTask.CompletedTask;

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }

    private sealed class HangingSink(long after, Func<Task> whenHanging) : IImageSink
    {
        private long _bytes;

        public async ValueTask WriteAsync(ImageChunk chunk, CancellationToken cancellationToken)
        {
            if ((_bytes += chunk.Length) <= after)
                return;
            _ = Task.Run(whenHanging, CancellationToken.None);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
