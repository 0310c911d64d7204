using System.Diagnostics;
using Isobar.Linux.Load;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Tests.Load;

public sealed class ProbeTests
{
    [Fact]
    public void Busy_time_leaves_idle_and_disk_waits_out() =>
        Assert.Equal(1.0 + 0.2 + 0.3 + 0.05 + 0.06, MachineProbe.BusySeconds("cpu  100 20 30 9000 400 5 6 7 8 9\ncpu0 1 2 3\n"u8)!.Value, 9);

    [Fact]
    public void Pressure_is_the_growth_of_the_total()
    {
        Assert.Equal(1234, PressureStall.TotalMicroseconds("some avg10=1.00 avg60=0.50 avg300=0.10 total=1234\nfull avg10=0.00 total=99\n"u8));
        Assert.Null(PressureStall.TotalMicroseconds("full total=99\n"u8));
        Assert.Null(PressureStall.TotalMicroseconds(""u8));
    }

    [Theory]
    [InlineData(4, null, new[] { 1.0, 1, 1, 1 })]
    [InlineData(4, 1.5, new[] { 1.0, 0.5 })]
    [InlineData(4, 2.0, new[] { 1.0, 1 })]
    [InlineData(1, 0.25, new[] { 0.25 })]
    [InlineData(2, 8.0, new[] { 1.0, 1 })]
    public void A_quota_makes_the_last_core_slower(int cores, double? quota, double[] shares) =>
        Assert.Equal(shares, UsableCores.Shares(cores, quota));

    [Fact]
    public void A_running_program_is_seen_with_what_it_uses_and_what_it_wants()
    {
        using var busy = Process.Start(new ProcessStartInfo("sh", ["-c", "(while :; do :; done) & sleep 60 & wait"]))!;
        try
        {
            var start = ProcFs.Stat(busy.Id)!.Value.StartTicks;
            var gauge = new JobGauge();
            var ready = 0;
            JobUse use = default;
            var since = Stopwatch.GetTimestamp();
            while (use is not { CpuSeconds: > 0.1, Processes: 3 } && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30))
            {
                Thread.Sleep(20);
                use = gauge.Measure(busy.Id, start)!.Value;
                ready += use.ReadyThreads;
            }

            Assert.Equal(3, use.Processes);
            Assert.True(use.CpuSeconds > 0.1, $"{use.CpuSeconds} s");
            Assert.True(use.ResidentBytes > 100_000, $"{use.ResidentBytes} bytes");
            Assert.True(ready > 0);
            Assert.Null(gauge.Measure(busy.Id, start + 1));
        }
        finally
        {
            busy.Kill(entireProcessTree: true);
            busy.WaitForExit();
        }
    }

    [Fact]
    public void The_run_queue_tells_of_busy_threads_that_were_not_there_before()
    {
        using var tasks = new RunnableTasks();
        using var stop = new CancellationTokenSource();
        // In another process: one's own threads do not count.
        using var busy = Process.Start(new ProcessStartInfo("sh", ["-c", "for i in 1 2 3 4; do (while :; do :; done) & done; wait"]))!;
        try
        {
            var (kernel, scanned) = (0, 0);
            for (var look = 0; look < 100 && (kernel < 4 || scanned < 4); look++)
            {
                Thread.Sleep(20);
                kernel = Math.Max(kernel, tasks.Count(hasQuota: false));
                scanned = Math.Max(scanned, tasks.Count(hasQuota: true));
            }

            Assert.True(scanned >= 4, $"{scanned} by /proc");
            Assert.True(kernel >= 4, $"{kernel} by the kernel");
        }
        finally
        {
            busy.Kill(entireProcessTree: true);
            busy.WaitForExit();
        }
    }

    [Fact]
    public void What_has_slept_for_long_is_seen_again_when_it_wakes_up()
    {
        using var tasks = new RunnableTasks();
        using var sleeper = Process.Start(new ProcessStartInfo("sh", ["-c", "read line; for i in 1 2 3 4 5 6 7; do (while :; do :; done) & done; while :; do :; done"]) { RedirectStandardInput = true })!;
        try
        {
            var asleep = int.MaxValue;
            for (var look = 0; look < 40; look++)
            {
                Thread.Sleep(5);
                asleep = Math.Min(asleep, tasks.Count(hasQuota: true));
            }

            sleeper.StandardInput.WriteLine();
            var awake = 0;
            for (var look = 0; look < 200 && awake < asleep + 8; look++)
            {
                Thread.Sleep(20);
                awake = Math.Max(awake, tasks.Count(hasQuota: true));
            }

            Assert.True(awake >= asleep + 8, $"{asleep} while it slept, {awake} afterwards");
        }
        finally
        {
            sleeper.Kill(entireProcessTree: true);
            sleeper.WaitForExit();
        }
    }

    [Theory]
    [InlineData("isobar-supervisor", 0, true)]
    [InlineData("criu", 0, true)]
    [InlineData("criu", 2, false)]
    [InlineData("program", 0, false)]
    public void Of_the_threads_in_proc_those_of_Isobars_own_processes_are_left_out(string name, int nicer, bool isLeftOut)
    {
        const int Busy = 12;
        var folder = Directory.CreateTempSubdirectory();
        var program = Path.Combine(folder.FullName, name);
        File.Copy("/bin/sh", program);
        // The nice value is the thread's own, and its children's.
        var least = int.MaxValue;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            var busy = new List<Process>();
            try
            {
                OwnPriority.Raise(25);
                using var tasks = new RunnableTasks();
                OwnPriority.Raise(-nicer);
                for (var i = 0; i < Busy; i++)
                    busy.Add(Process.Start(new ProcessStartInfo(program, ["-c", "while :; do :; done"]))!);
                Thread.Sleep(500);
                for (var look = 0; look < 50; look++)
                {
                    Thread.Sleep(5);
                    least = Math.Min(least, tasks.Count(hasQuota: true));
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
            finally
            {
                foreach (var one in busy)
                {
                    one.Kill();
                    one.WaitForExit();
                    one.Dispose();
                }
            }
        });
        thread.Start();
        thread.Join();
        folder.Delete(recursive: true);
        Assert.Null(failure);
        Assert.Equal(isLeftOut, least < Busy);
    }

    [Fact]
    public void Looking_costs_no_memory()
    {
        using var probe = new MachineProbe();
        for (var i = 0; i < 5; i++)
            Assert.True(probe.Look(1).Memory.TotalBytes > 0 && probe.Ready() >= 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            probe.Ready();
        for (var i = 0; i < 10; i++)
            probe.Look(1);
        // The quota's files are opened by name, which costs nothing on the heap when the machine has none.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024);
    }
}
