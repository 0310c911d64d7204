using System.Text;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Tests.Processes;

public sealed class SpawnTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Output_directory_environment_and_exit_code_are_the_childs()
    {
        var (output, status) = await RunAsync("pwd; echo $WHO; exit 7", new() { ["WHO"] = "isobar" }, "/usr");
        Assert.Equal("/usr\nisobar\n", output);
        Assert.Equal(7, status.Code);
        Assert.Equal(7, status.ShellCode);
    }

    [Fact]
    public async Task Only_the_named_descriptors_are_open()
    {
        // A descriptor without close-on-exec, as a careless library would leave it.
        using var leak = FileDescriptor.Open("/etc/hostname");
        using var copy = FileDescriptor.Own(LibCProbe.Dup(FileDescriptor.Number(leak)), "dup");
        var (output, _) = await RunAsync("readlink /proc/$$/fd/*; ls -l /proc/self/fd");
        Assert.Contains("/dev/null", output, StringComparison.Ordinal);
        Assert.DoesNotContain("hostname", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Descriptors_whose_sources_and_targets_overlap_arrive_unmixed()
    {
        using var output = KernelPipe.Create();
        using var first = KernelPipe.Create();
        using var second = KernelPipe.Create();
        Write(first.WriteEnd, "first");
        Write(second.WriteEnd, "second");
        var a = FileDescriptor.Number(first.ReadEnd);
        var b = FileDescriptor.Number(second.ReadEnd);
        first.WriteEnd.Dispose();
        second.WriteEnd.Dispose();

        // Each is to be installed at the number of the other.
        using var child = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = "/bin/bash",
            Arguments = ["bash", "-c", $"cat <&{a}; echo -n ' '; cat <&{b}"],
            Descriptors = new Dictionary<int, SafeFileHandle> { [1] = output.WriteEnd, [a] = second.ReadEnd, [b] = first.ReadEnd },
        });
        output.WriteEnd.Dispose();
        Assert.Equal("second first", await ReadAllAsync(output.ReadEnd));
        Assert.True((await child.WaitAsync(Token)).Succeeded);
    }

    [Fact]
    public async Task Timer_slack_is_the_childs_alone()
    {
        using var output = KernelPipe.Create();
        var own = await File.ReadAllTextAsync("/proc/self/timerslack_ns", Token);
        using var child = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = "/bin/sh",
            Arguments = ["sh", "-c", "cat /proc/self/timerslack_ns"],
            Descriptors = new Dictionary<int, SafeFileHandle> { [1] = output.WriteEnd },
            TimerSlack = TimeSpan.FromMilliseconds(50),
        });
        // By the same thread, whose own it is again.
        using var later = KernelPipe.Create();
        using var second = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = "/bin/cat",
            Arguments = ["cat", "/proc/self/timerslack_ns"],
            Descriptors = new Dictionary<int, SafeFileHandle> { [1] = later.WriteEnd },
        });
        output.WriteEnd.Dispose();
        later.WriteEnd.Dispose();
        Assert.Equal("50000000\n", await ReadAllAsync(output.ReadEnd));
        Assert.Equal(own, await ReadAllAsync(later.ReadEnd));
        await child.WaitAsync(Token);
        await second.WaitAsync(Token);
    }

    [Fact]
    public async Task A_new_session_has_no_terminal_and_leads_itself()
    {
        using var output = KernelPipe.Create();
        using var child = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = "/bin/sh",
            Arguments = ["sh", "-c", "cut -d' ' -f5,6,7 /proc/$$/stat"],
            Descriptors = new Dictionary<int, SafeFileHandle> { [1] = output.WriteEnd },
            NewSession = true,
        });
        output.WriteEnd.Dispose();
        Assert.Equal($"{child.Pid} {child.Pid} 0\n", await ReadAllAsync(output.ReadEnd));
    }

    [Fact]
    public async Task Signals_are_unblocked_and_default()
    {
        var (output, _) = await RunAsync("grep -E '^Sig(Blk|Ign)' /proc/self/status");
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", output);
    }

    [Fact]
    public void A_missing_program_is_named_in_one_sentence()
    {
        var error = Assert.Throws<KernelException>(() => ProcessSpawner.Spawn(new SpawnRequest { Path = "/no/such", Arguments = ["such"] }));
        Assert.Equal("Cannot start /no/such: there is no such file or directory.", error.Message);
        Assert.Equal(Errno.NoEntry, error.ErrorNumber);
    }

    [Fact]
    public void A_missing_directory_is_blamed_instead_of_the_program()
    {
        var request = new SpawnRequest { Path = "/bin/true", Arguments = ["true"], Directory = "/no/where" };
        Assert.Contains("/no/where", Assert.Throws<KernelException>(() => ProcessSpawner.Spawn(request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_zero_byte_in_an_argument_is_refused()
        => Assert.Throws<ArgumentException>(() => ProcessSpawner.Spawn(new SpawnRequest { Path = "/bin/true", Arguments = ["true", "a\0b"] }));

    [Fact]
    public async Task Death_by_signal_is_told_apart_from_a_code()
    {
        using var child = Shell("sleep 100");
        Assert.False(child.HasExited);
        Assert.True(child.Signal(9));
        var status = await child.WaitAsync(Token);
        Assert.Equal(9, status.Signal);
        Assert.Null(status.Code);
        Assert.Equal(137, status.ShellCode);
        Assert.False(child.Signal(9));
    }

    [Fact]
    public async Task The_end_tells_the_CPU_time_of_a_child_and_of_its_children()
    {
        using var idle = Shell("sleep 0.4");
        using var busy = Shell("timeout 0.4 sh -c 'while :; do :; done'; true");
        Assert.Equal(TimeSpan.Zero, busy.CpuTime);
        await Task.WhenAll(idle.WaitAsync(Token), busy.WaitAsync(Token));
        Assert.True(busy.CpuTime > TimeSpan.FromSeconds(0.05) && busy.CpuTime > 3 * idle.CpuTime, $"{busy.CpuTime}, and an idle one {idle.CpuTime}");
    }

    [Fact]
    public async Task Two_hundred_children_are_waited_for_without_a_thread_each()
    {
        var threads = ProcFs.Stat(Environment.ProcessId)!.Value.Threads;
        var children = Enumerable.Range(0, 200).Select(i => (Code: i % 200, Child: Shell($"exec sleep 0.3; exit {i % 200}"))).ToList();
        Assert.True(ProcFs.Stat(Environment.ProcessId)!.Value.Threads < threads + 50);
        foreach (var (_, child) in children)
        {
            Assert.Equal(0, (await child.WaitAsync(Token)).Code);
            child.Dispose();
        }

        Assert.DoesNotContain(ProcessTree.Descend(Environment.ProcessId), pid => children.Exists(c => c.Child.Pid == pid));
    }

    [Fact]
    public async Task Stop_and_continue_are_seen()
    {
        using var child = Shell("sleep 100");
        var seen = new List<ChildStateChange>();
        child.Signal(19);
        await foreach (var change in ChildStates.WatchAsync(child, Token))
        {
            seen.Add(change);
            child.Signal(seen.Count switch { 1 => 18, 2 => 20, _ => 9 });
        }

        Assert.Equal([new(19), new(null), new(20)], seen);
    }

    [Fact]
    public async Task A_subreaper_gets_the_status_of_an_orphans_death()
    {
        Subreaper.Enable();
        Assert.True(Subreaper.IsEnabled);
        var (output, _) = await RunAsync("(sleep 0.2; exit 42) >/dev/null & echo $!");
        using var orphan = ChildProcess.Adopt(int.Parse(output, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(42, (await orphan.WaitAsync(Token)).Code);
    }

    internal static ChildProcess Shell(string script) => ProcessSpawner.Spawn(new SpawnRequest { Path = "/bin/sh", Arguments = ["sh", "-c", script] });

    internal static async Task<string> ReadAllAsync(SafeFileHandle end)
    {
        await using var stream = new FileStream(end, FileAccess.Read, 0);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Token);
    }

    internal static void Write(SafeFileHandle end, string text)
    {
        using var copy = FileDescriptor.Duplicate(end);
        using var stream = new FileStream(copy, FileAccess.Write, 0);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    private static async Task<(string Output, ExitStatus Status)> RunAsync(string script, Dictionary<string, string>? environment = null, string? directory = null)
    {
        using var output = KernelPipe.Create();
        using var nothing = FileDescriptor.Open("/dev/null");
        using var child = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = "/bin/bash",
            Arguments = ["bash", "-c", script],
            Environment = environment is null ? null : [.. environment.Select(e => $"{e.Key}={e.Value}"), "PATH=/usr/bin:/bin"],
            Directory = directory,
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = output.WriteEnd, [2] = output.WriteEnd },
        });
        output.WriteEnd.Dispose();
        var text = await ReadAllAsync(output.ReadEnd);
        return (text, await child.WaitAsync(Token));
    }
}
