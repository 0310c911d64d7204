using System.Diagnostics;
using Isobar.Linux.Processes;
using Isobar.Linux.Tests.Criu;

namespace Isobar.Linux.Tests.Processes;

/// <summary>What one job has left in a process is seen, whatever it is.</summary>
[Collection(CriuCollection.Name)]
public sealed class OwnResourcesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_child_is_seen()
    {
        using var child = ProcessSpawner.Spawn(new SpawnRequest { Path = "/bin/sleep", Arguments = ["sleep", "1000"] });
        Assert.True(OwnResources.HasChildren);
        child.Signal(9);
        await child.WaitAsync(Cancellation);
    }

    /// <summary>In another process: this one's runtime starts threads whenever it likes, also on the thread that has changed.</summary>
    /// <param name="change">What a thread does: the system calls themselves change the calling thread only.</param>
    [Theory]
    [InlineData("c.setresuid(65534, 65534, 65534)")]
    [InlineData("c.setgroups(1, (ctypes.c_uint * 1)(4711))")]
    [InlineData("c.unshare(0x200); os.umask(0o123)")] // As the workers of a job of root's.
    public async Task A_thread_of_another_identity_is_seen_until_it_ends(string change)
    {
        var script = $$"""
            import ctypes, os, platform, sys, threading
            libc, arm = ctypes.CDLL(None), platform.machine() == 'aarch64'
            class c:
                unshare = libc.unshare
                def setresuid(*ids): assert libc.syscall(147 if arm else 117, *ids) == 0
                def setgroups(*groups): assert libc.syscall(159 if arm else 116, *groups) == 0
            changed, end = threading.Event(), threading.Event()
            def become():
                {{change}}
                changed.set()
                end.wait()
            thread = threading.Thread(target=become)
            print('one', flush=True); sys.stdin.readline()
            thread.start(); changed.wait()
            print('two', flush=True); sys.stdin.readline()
            end.set(); thread.join()
            while len(os.listdir('/proc/self/task')) > 1: pass
            print('one', flush=True); sys.stdin.readline()
            """;
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", script]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        foreach (var isOne in (bool[])[true, false, true])
        {
            Assert.Equal(isOne ? "one" : "two", await process.StandardOutput.ReadLineAsync(Cancellation));
            Assert.Equal(isOne, OwnResources.HasOneIdentityIn(process.Id));
            await process.StandardInput.WriteLineAsync();
        }

        await process.WaitForExitAsync(Cancellation);
    }

    [Fact]
    public async Task A_limit_that_was_changed_from_outside_is_seen()
    {
        const int Locks = 10;
        var before = OwnResources.Limits;
        Assert.Equal(before, OwnResources.Limits);
        await SetAsync("4711");
        Assert.NotEqual(before, OwnResources.Limits);
        await SetAsync(before[Locks].Soft == ulong.MaxValue ? "unlimited" : $"{before[Locks].Soft}");
        Assert.Equal(before, OwnResources.Limits);

        async Task SetAsync(string limit)
        {
            using var other = ProcessSpawner.Spawn(new SpawnRequest { Path = "/usr/bin/prlimit", Arguments = ["prlimit", "--pid", $"{Environment.ProcessId}", $"--locks={limit}:"] });
            Assert.True((await other.WaitAsync(Cancellation)).Succeeded);
        }
    }

    [Fact]
    public void An_open_file_is_counted()
    {
        var before = OwnResources.Descriptors;
        using (File.OpenRead("/etc/hostname"))
            Assert.Equal(before + 1, OwnResources.Descriptors);
        Assert.Equal(before, OwnResources.Descriptors);
    }
}
