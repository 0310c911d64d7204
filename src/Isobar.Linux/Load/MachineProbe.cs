using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Load;

/// <summary>What changes slowly enough to be looked at once a second.</summary>
/// <param name="CpuUsed">CPU seconds used per second since the look before, by everything here.</param>
/// <param name="CpuPressure">Share of time in which some task waited for a core, 0..1.</param>
/// <param name="MemoryPressure">The same for memory.</param>
/// <param name="IoPressure">The same for disks.</param>
/// <param name="Memory">Total and free, inside of a control group's limit if there is one.</param>
/// <param name="Threads">Threads that exist.</param>
/// <param name="MaxThreads">How many may exist.</param>
/// <param name="Quota">CPU seconds per second that a control group allows; null = no quota.</param>
public readonly record struct MachineLook(
    double CpuUsed, double CpuPressure, double MemoryPressure, double IoPressure, MachineMemory Memory, int Threads, int MaxThreads, double? Quota);

/// <summary>
/// Looks at this machine with next to no cost: files are opened once, buffers are kept, nothing is allocated. <see cref="Ready"/> is for several looks a second,
/// <see cref="Look"/> for one.
/// </summary>
public sealed class MachineProbe : IDisposable
{
    private readonly ControlGroup _group = ControlGroup.OfSelf();
    private readonly RunnableTasks _tasks = new();
    private readonly PressureStall _cpuPressure = new("/proc/pressure/cpu");
    private readonly PressureStall _memoryPressure = new("/proc/pressure/memory");
    private readonly PressureStall _ioPressure = new("/proc/pressure/io");
    private readonly KernelFileReader _stat = new("/proc/stat");
    private readonly MemoryGauge _memory = new();
    private readonly byte[] _buffer = new byte[4096];
    private readonly int _maxThreads = MaxThreads();
    private double _cpuSeconds = -1;
    private double? _quota;

    public MachineProbe() => _quota = _group.CpuQuota();

    /// <summary>Whether only a part of the machine is seen: a PID namespace of its own.</summary>
    public bool IsNested => _tasks.IsNested;

    /// <summary>CPU seconds per second that a control group allows, as of the last look; null = no quota.</summary>
    public double? Quota => _quota;

    /// <summary>How long to wait between two looks at the run queue: counting threads costs more than asking the kernel.</summary>
    public TimeSpan LeastStep => IsNested || _quota is not null ? TimeSpan.FromMilliseconds(250) : TimeSpan.FromMilliseconds(50);

    /// <summary>Threads ready to run at this moment.</summary>
    public int Ready() => _tasks.Count(_quota is not null);

    public MachineLook Look(double elapsedSeconds)
    {
        _quota = _group.CpuQuota();
        return new MachineLook(
            CpuUsed(elapsedSeconds),
            _cpuPressure.Sample(elapsedSeconds),
            _memoryPressure.Sample(elapsedSeconds),
            _ioPressure.Sample(elapsedSeconds),
            _memory.Read(),
            _tasks.Existing(),
            _maxThreads,
            _quota);
    }

    public void Dispose()
    {
        _group.Dispose();
        _tasks.Dispose();
        _cpuPressure.Dispose();
        _memoryPressure.Dispose();
        _ioPressure.Dispose();
        _stat.Dispose();
        _memory.Dispose();
    }

    /// <summary>
    /// Busy time of all cores out of the first line of /proc/stat, in seconds: user, nice, system, irq, softirq (guest time is part of user, steal is
    /// another machine's; proc_stat(5)).
    /// </summary>
    public static double? BusySeconds(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("cpu "u8))
            return null;
        _ = KernelText.NextWord(ref text);
        long ticks = 0;
        for (var field = 1; field <= 7; field++)
        {
            if (KernelText.First(KernelText.NextWord(ref text)) is not { } value)
                return null;
            // 4 is idle, 5 waits for a disk.
            ticks += field is 4 or 5 ? 0 : value;
        }

        return (double)ticks / ProcStat.TicksPerSecond;
    }

    private double CpuUsed(double elapsedSeconds)
    {
        var before = _cpuSeconds;
        var now = (IsNested ? _group.CpuSeconds() : null) ?? BusySeconds(_stat.Read(_buffer)) ?? 0;
        _cpuSeconds = now;
        return before < 0 || elapsedSeconds <= 0 ? 0 : Math.Max(0, (now - before) / elapsedSeconds);
    }

    private static int MaxThreads()
    {
        Span<byte> buffer = stackalloc byte[64];
        var most = long.MaxValue;
        foreach (var file in (ReadOnlySpan<string>)["/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"])
        {
            if (KernelFile.TryRead(file, buffer) is { } length && KernelText.First(buffer[..length]) is { } limit)
                most = Math.Min(most, limit);
        }

        return most == long.MaxValue ? 0 : (int)Math.Min(most, int.MaxValue);
    }
}
