using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Isobar.Linux.Tests.Processes;

namespace Isobar.Linux.Tests.Criu;

/// <summary>Small self-judging programs that are dumped, killed and restored. Each ends with code 0 only if all was right.</summary>
[Collection(CriuCollection.Name)]
public sealed class MoveTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_counter_on_pipes_loses_and_doubles_nothing()
    {
        await using var job = await CriuTestJob.StartShellAsync("i=0; while echo $i; [ ! -e /dev/shm/stop ]; do i=$((i+1)); read -t 0.002 x; done; echo end");
        var output = await job.ReadUntilAsync("\n20\n");
        for (var move = 0; move < 3; move++)
        {
            output += await job.MoveAsync();
            output += await job.ReadAsync();
        }

        job.Stop();
        output += await job.ReadToEndAsync();
        Assert.Equal(string.Join('\n', Enumerable.Range(0, output.Count(c => c == '\n') - 1)) + "\nend\n", output);
        Assert.Equal(0, (await job.Child.WaitAsync(Token)).Code);
    }

    [Fact]
    public async Task Input_reaches_the_program_after_a_move()
    {
        await using var job = await CriuTestJob.StartShellAsync("echo up; while read line; do echo got $line; done; exit 3");
        await job.ReadUntilAsync("up\n");
        await job.MoveAsync();
        job.Write("hello\n");
        Assert.Equal("got hello\n", await job.ReadUntilAsync("\n"));
        job.Input.Dispose();
        Assert.Equal(3, (await job.Child.WaitAsync(Token)).Code);
    }

    [Fact]
    public Task Threads_that_pass_a_token_by_futexes_go_on() => SurvivesAsync("""
        import os, threading, time
        turn = 0; count = 0; done = False; cond = threading.Condition()
        def run(me):
            global turn, count, done
            while not done:
                with cond:
                    while turn != me and not done: cond.wait()
                    count += 1; turn = (turn + 1) % 4; cond.notify_all()
                    if count % 100 == 0 and os.path.exists("/dev/shm/stop"): done = True
                time.sleep(0.0005)
        ts = [threading.Thread(target=run, args=(i,)) for i in range(4)]
        print("up")
        [t.start() for t in ts]; [t.join() for t in ts]
        assert count >= 100
        """);

    [Fact]
    public Task Processes_with_shared_memory_a_semaphore_and_an_unlinked_file_go_on() => SurvivesAsync("""
        import mmap, os, tempfile, time, multiprocessing
        f = tempfile.TemporaryFile(); f.write(b"x" * 3000000); f.flush()
        m = mmap.mmap(-1, 4096); lock = multiprocessing.Lock()
        pid = os.fork()
        i = 0; at = 0 if pid else 4
        while not os.path.exists("/dev/shm/stop"):
            with lock:
                n = int.from_bytes(m[8:12], "little") + 1
                time.sleep(0.0005)
                m[8:12] = n.to_bytes(4, "little")
            i += 1; m[at:at + 4] = i.to_bytes(4, "little")
            if i == 20 and pid: print("up")
        if pid == 0: os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        mine, other, both = (int.from_bytes(m[k:k + 4], "little") for k in (0, 4, 8))
        assert mine >= 20 and mine + other == both
        f.seek(0); assert f.read() == b"x" * 3000000; assert os.fstat(f.fileno()).st_nlink == 0
        """);

    [Fact]
    public Task The_monotonic_clock_and_sleeps_go_on_without_a_step_back() => SurvivesAsync("""
        import os, time
        last = time.monotonic(); print("up")
        while not os.path.exists("/dev/shm/stop"):
            time.sleep(0.01); now = time.monotonic(); assert last < now < last + 30; last = now
        """);

    [Fact]
    public Task A_periodic_timerfd_that_expired_unread_goes_on_ticking() => SurvivesAsync("""
        import ctypes, os, struct, time, select, sys
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.timerfd_create(1, 0)
        spec = struct.pack("qqqq", 0, 5_000_000, 0, 5_000_000)
        assert libc.timerfd_settime(fd, 0, spec, None) == 0
        # Unread all the time: as good as always it has expired when the dump looks at it.
        print("up"); sys.stdin.readline()
        os.read(fd, 8)
        for i in range(20):
            assert select.select([fd], [], [], 2)[0], "the timer is dead"
            os.read(fd, 8)
        """, "go\n");

    [Fact]
    public async Task Shared_memory_files_and_mounts_are_as_before()
    {
        await using var job = await CriuTestJob.StartShellAsync("echo content >/dev/shm/file; cut -d' ' -f5 /proc/self/mountinfo; echo up; read x; cut -d' ' -f5 /proc/self/mountinfo; cat /dev/shm/file; ls /dev/null /sys/kernel; echo $HOSTNAME; echo done");
        var before = (await job.ReadUntilAsync("up\n")).Replace("up\n", "", StringComparison.Ordinal);
        Assert.Contains("/dev/shm", before, StringComparison.Ordinal);
        await job.MoveAsync();
        job.Write("\n");
        var after = await job.ReadUntilAsync("done\n");
        Assert.Equal(before.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(), after[..after.IndexOf("content", StringComparison.Ordinal)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Contains("/dev/null\n", after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_keeps_state_name_and_job_control()
    {
        await using var job = await CriuTestJob.StartPythonAsync("""
            import fcntl, os, pty, sys, termios
            m, s = os.openpty()
            print(f"master={m}"); sys.stdin.readline()
            os.close(m)
            if os.fork():
                os.closerange(0, 100); os.wait(); os._exit(0)
            os.setsid(); fcntl.ioctl(s, termios.TIOCSCTTY, 0)
            for fd in range(3): os.dup2(s, fd)
            os.closerange(3, 100)
            os.execve("/bin/bash", ["bash", "--norc", "--noediting", "-i"], {"PS1": "> ", "TERM": "dumb", "PATH": "/usr/bin:/bin"})
            """);
        var line = await job.ReadUntilAsync("\n");
        var python = ProcessTree.Descend(job.InitPid)[1];
        using (var pidFd = PidFd.Open(python))
            job.TakeTerminal(FileDescriptor.Own(LibCProbe.GetDescriptorOf(FileDescriptor.Number(pidFd), int.Parse(line.AsSpan(7).Trim(), System.Globalization.CultureInfo.InvariantCulture)), "take a descriptor"));
        job.Write("\n");
        await job.TypeAsync("x=kept; sleep 1000 &\n", "[1]");
        await job.MoveAsync(terminal: true);
        await job.TypeAsync("echo $x; tty; jobs; stty size\n", "sleep 1000 &");
        Assert.Contains("kept\r\n/dev/pts/0\r\n", job.TerminalText, StringComparison.Ordinal);

        // Ctrl-C reaches the foreground program, and only that.
        await job.TypeAsync("cat\n", "cat\r\n");
        for (var i = 0; !ProcessTree.Descend(job.InitPid).Any(pid => ProcFs.CommandLine(pid) is ["cat"]); i++)
        {
            Assert.True(i < 500);
            await Task.Delay(10, Token);
        }

        // The whole of it: a prompt alone may be one from before, and what is typed before the signal arrives is thrown away with it.
        await job.TypeAsync("\u0003", "^C\r\n> ");
        await job.TypeAsync("kill %1; echo still $x\n", "still kept");
        await job.TypeAsync("exit\n", "exit");
        Assert.Equal(0, (await job.Child.WaitAsync(Token).WaitAsync(TimeSpan.FromSeconds(10), Token)).Code);
    }

    [Fact]
    public async Task Thirty_moves_leave_no_descriptor_mount_or_process_behind()
    {
        await using var job = await CriuTestJob.StartShellAsync("echo up; while read x; do echo $x; done");
        await job.ReadUntilAsync("up\n");
        await job.MoveAsync();
        var before = Footprint();
        for (var i = 0; i < 30; i++)
        {
            await job.MoveAsync();
            job.Write($"{i}\n");
            Assert.Equal($"{i}\n", await job.ReadUntilAsync("\n"));
        }

        // What was disposed may take a moment to be closed by other threads.
        for (var i = 0; i < 50 && Footprint() is var now && (now.Descriptors > before.Descriptors || now.Mounts != before.Mounts || now.Processes != before.Processes); i++)
            await Task.Delay(20, Token);
        var after = Footprint();
        // Fewer is no leak: the first move's descriptors may be closed by the finaliser only now.
        Assert.InRange(after.Descriptors, 0, before.Descriptors);
        Assert.Equal((before.Mounts, before.Processes), (after.Mounts, after.Processes));
        Assert.Equal(["dump.log", "restore.log", "stats-dump", "stats-restore"], Directory.GetFiles(job.Work).Select(Path.GetFileName).Order());
    }

    private static (int Descriptors, int Mounts, string Processes) Footprint() => (
        ProcFs.Descriptors(Environment.ProcessId).Count(d => !d.Value.Contains(".dll", StringComparison.Ordinal)),
        File.ReadLines("/proc/self/mountinfo").Count(l => l.Contains("isobar-criu", StringComparison.Ordinal)),
        string.Join(' ', ProcessTree.Descend(Environment.ProcessId).Select(ProcFs.CommandLine).Select(c => c.Count > 0 ? c[0] : "?").Skip(1).Order()));

    private static async Task SurvivesAsync(string script, string input = "")
    {
        await using var job = await CriuTestJob.StartPythonAsync(script);
        await job.ReadUntilAsync("up\n");
        var output = await job.MoveAsync();
        output += await job.MoveAsync();
        job.Stop();
        if (input.Length > 0)
            job.Write(input);
        output += await job.ReadToEndAsync();
        Assert.Equal("", output);
        Assert.Equal(0, (await job.Child.WaitAsync(Token)).Code);
    }
}
