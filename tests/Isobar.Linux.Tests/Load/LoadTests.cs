using Isobar.Linux.Load;

namespace Isobar.Linux.Tests.Load;

public sealed class LoadTests
{
    [Fact]
    public void Several_threads_look_at_the_memory_at_once_and_none_sees_half_of_it()
    {
        using var gauge = new MemoryGauge();
        var total = gauge.Read().TotalBytes;
        Assert.NotEqual(0, total);
        Parallel.For(0, 2000, _ =>
        {
            var memory = gauge.Read();
            Assert.Equal(total, memory.TotalBytes);
            Assert.InRange(memory.AvailableBytes, 1, total);
        });
    }

    [Fact]
    public void The_reader_itself_is_not_counted_as_ready()
    {
        Assert.Equal(2, RunQueue.Parse("0.20 0.18 0.12 3/80 11206\n"u8));
        Assert.Equal(0, RunQueue.Parse("0.20 0.18 0.12 1/80 11206\n"u8));
        Assert.Equal(0, RunQueue.Parse("0.20 0.18 0.12 0/80 11206\n"u8));
    }

    [Fact]
    public void Text_that_is_no_load_average_gives_nothing() => Assert.Null(RunQueue.Parse("nonsense"u8));

    [Fact]
    public void The_average_starts_at_the_first_value_and_follows_within_its_time()
    {
        var queue = new RunQueue(TimeSpan.FromSeconds(5));
        queue.Add(4, TimeSpan.FromSeconds(1));
        Assert.Equal(4, queue.Average);
        for (var second = 0; second < 5; second++)
            queue.Add(0, TimeSpan.FromSeconds(1));
        // After one time constant 1/e of the old value is left, however often it was sampled.
        Assert.Equal(4 / Math.E, queue.Average, 6);
    }

    [Fact]
    public void Memory_is_read_in_bytes() =>
        Assert.Equal(new MachineMemory(1000L * 1024, 600L * 1024), MachineMemory.Parse("MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     600 kB\n"u8));

    [Fact]
    public void This_machine_has_memory_cores_and_a_kernel()
    {
        var memory = MachineMemory.Read();
        Assert.InRange(memory.AvailableBytes, 1, memory.TotalBytes);
        Assert.True(MachineFacts.Cores > 0);
        Assert.NotEmpty(MachineFacts.Kernel);
        Assert.True(MachineFacts.Uptime > TimeSpan.Zero);
    }

    [Fact]
    public void What_a_process_reads_and_writes_of_files_is_counted()
    {
        var gauge = new JobGauge();
        var before = gauge.FileBytesOf(Environment.ProcessId);
        var file = Path.GetTempFileName();
        File.WriteAllBytes(file, new byte[300_000]);
        Assert.Equal(300_000, File.ReadAllBytes(file).Length);
        File.Delete(file);
        // Other tests read and write meanwhile.
        Assert.InRange(gauge.FileBytesOf(Environment.ProcessId) - before, 600_000, long.MaxValue);
        Assert.Equal(0, gauge.FileBytesOf(int.MaxValue));
    }

    [Fact]
    public void The_speed_of_a_core_is_measured_within_its_time_and_is_of_a_sane_size() =>
        Assert.InRange(CoreSpeed.Measure(TimeSpan.FromMilliseconds(50)), 10, 100_000);

    [Fact]
    public void Existing_threads_follow_the_slash() => Assert.Equal(80, RunQueue.ParseExisting("0.20 0.18 0.12 3/80 11206\n"u8));

    [Fact]
    public void Swap_is_part_of_memory() =>
        Assert.Equal(
            new MachineMemory(1000L << 10, 500L << 10, 200L << 10, 30L << 10),
            MachineMemory.Parse("MemTotal:  1000 kB\nMemAvailable: 500 kB\nSwapCached: 7 kB\nSwapTotal: 200 kB\nSwapFree:\t30 kB\n"u8));

    [Fact]
    public void A_limit_makes_the_machine_smaller_and_a_larger_one_changes_nothing()
    {
        var machine = new MachineMemory(1000, 900);
        Assert.Equal(new MachineMemory(400, 150), machine.Within(400, 250));
        Assert.Equal(new MachineMemory(400, 0), machine.Within(400, 500));
        Assert.Equal(machine, machine.Within(2000, 10));
        Assert.Equal(machine, machine.Within(null, null));
    }
}
