using Isobar.Linux.Processes;
using Isobar.Supervisor.RemoteMemory;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.Tests.RemoteMemory;

/// <summary>The guard's own program beside a stand-in for a job's init. Files stand in for userfaultfds.</summary>
public sealed class PageGuardTests : IDisposable
{
    private static readonly Lazy<string> Compiled = new(Compile);
    private readonly ChildProcess _init = Spawn("/usr/bin/sleep", "300");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_the_supervisor_is_gone_the_job_is_ended_and_then_the_guard_ends()
    {
        var process = new GuardProcess(Compiled.Value);
        process.Send(_init.PidFd);
        process.Socket.Dispose();
        Assert.Equal(ExitStatus.Killed(9), await _init.WaitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        await process.EndedAsync().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public void When_it_lets_go_the_job_goes_on_and_nothing_is_held_any_more()
    {
        var guard = new PageGuard(_init.PidFd, Compiled.Value);
        using var one = Null();
        guard.Hold(one);
        var pid = guard.Pid;
        Assert.NotNull(ProcFs.Stat(pid));
        guard.LetGo();
        Assert.False(_init.HasExited);
        Assert.DoesNotContain(pid, ProcessTree.Descend(Environment.ProcessId));
        // The socket's number may be another's by now.
        Assert.Throws<IOException>(() => guard.Hold(one));
    }

    [Fact]
    public async Task Another_takes_the_place_of_one_that_was_killed_and_has_all()
    {
        using var guard = new PageGuard(_init.PidFd, Compiled.Value);
        using var one = Null();
        guard.Hold(one);
        for (var round = 0; round < 2; round++)
        {
            var before = guard.Pid;
            SignalSender.Send(before, 9);
            while (guard.Pid == before)
                await Task.Delay(10, Cancellation);
            Assert.Equal(1, await HeldAsync(guard.Pid, 1));
        }

        Assert.False(_init.HasExited);
    }

    [Fact]
    public async Task Of_those_that_were_closed_none_stays_and_of_those_that_were_not_all_do()
    {
        using var guard = new PageGuard(_init.PidFd, Compiled.Value);
        var open = new List<SafeFileHandle>();
        var guards = new HashSet<int>();
        try
        {
            for (var i = 0; i < 900; i++)
            {
                var one = Null();
                guard.Hold(one);
                guards.Add(guard.Pid);
                if (i % 3 == 0)
                    one.Dispose();
                else
                    open.Add(one);
            }

            // Not one for each that comes once many are open.
            Assert.InRange(guards.Count, 2, 5);
            Assert.InRange(await HeldAsync(guard.Pid, open.Count), open.Count, open.Count + 256);
        }
        finally
        {
            open.ForEach(one => one.Dispose());
        }
    }

    public void Dispose()
    {
        _init.Signal(9);
        _init.Dispose();
    }

    private static SafeFileHandle Null() => File.OpenHandle("/dev/zero");

    private static async Task<int> HeldAsync(int pid, int atLeast)
    {
        var held = 0;
        // What is in its socket it takes as it gets to run.
        for (var look = 0; look < 500 && held < atLeast; look++)
        {
            await Task.Delay(10, Cancellation);
            held = ProcFs.Descriptors(pid).Values.Count(file => file.Contains("/dev/zero", StringComparison.Ordinal));
        }

        return held;
    }

    private static ChildProcess Spawn(params string[] command)
    {
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        using var errors = new SafeFileHandle(2, ownsHandle: false);
        return ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = command[0],
            Arguments = command,
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = nothing, [2] = errors },
        });
    }

    private static string Compile()
    {
        var place = Directory.CreateTempSubdirectory("isobar-guard").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(place, true);
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "isobar.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The sources are not above the tests.");
        var main = Path.Combine(place, "main.c");
        File.WriteAllText(main, "int main(void) { return 3; }\n");
        var program = Path.Combine(place, "guard");
        using var compiler = Spawn("/usr/bin/gcc", "-O2", "-o", program, Path.Combine(folder, "src/Isobar.Supervisor/Native/guard.c"), main);
        Assert.True(compiler.WaitAsync().GetAwaiter().GetResult().Succeeded);
        return program;
    }
}
