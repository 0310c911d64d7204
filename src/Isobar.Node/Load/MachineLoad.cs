using System.Globalization;
using Isobar.Balancing;
using Isobar.Balancing.Load;
using Isobar.Linux.Clocks;
using Isobar.Linux.Load;
using Isobar.Node.Hosting;
using Isobar.Protocol.Security;

namespace Isobar.Node.Load;

/// <summary>
/// What this machine is and does: speed and cores, and a sample of its load. One thread drives it (<see cref="Sample"/>); everybody reads what it found last.
/// </summary>
internal sealed class MachineLoad : IDisposable
{
    private static readonly TimeSpan CalibrationTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StepAtRest = TimeSpan.FromMilliseconds(500);
    private const double ReadyAtRest = 0.1;
    private const double LookEvery = 1;

    // In a tenth of a second the other thread of the core may be busy all the time, which takes a third of the speed: after that short runs, ever more rarely, for a quarter of
    // an hour. One takes a millisecond: with each look they would be a third of what the daemon does at rest.
    private const double LaterRunsGrowth = 1.25;
    private const double LaterRunsSeconds = 900;
    private const double Better = 1.01;
    private const double OwnerTimeConstant = 10;

    private readonly DaemonOptions _options;
    private readonly MachineProbe _probe = new();
    private readonly CpuAccount _account = new();
    private readonly List<ProcessCpu> _cpuUsers = [];
    private readonly RunQueue _queue = new(TimeSpan.FromSeconds(5));
    private Instant _sampled = Instant.Never;
    private Instant _looked = Instant.Never;
    private MachineLook _look;
    private double _ownerCpus;
    private int _speed = CoreSpeed.Reference;
    private CoreSet _cores;
    private double _sinceCalibrated;
    private double _nextLaterRun;

    public MachineLoad(DaemonOptions options, JobsHere jobs)
    {
        (_options, Jobs) = (options, jobs);
        _cores = CoresOf(_probe.Quota);
    }

    public static Instant Now => new(BootClock.Instance.GetTimestamp());

    public JobsHere Jobs { get; }

    /// <summary>Speed of one whole core, 1000 = the reference.</summary>
    public int Speed => Volatile.Read(ref _speed);

    /// <summary>Speed of one whole core in standard cores.</summary>
    public double CoreSpeedFactor => (double)Speed / CoreSpeed.Reference;

    /// <summary>The cores that work may use; another object when quota or speed changed.</summary>
    public CoreSet Cores => Volatile.Read(ref _cores);

    /// <summary>Ready threads, averaged over some seconds.</summary>
    public double AverageReady => _queue.Average;

    public MachineMemory Memory => _look.Memory;

    public MachineLook Look => _look;

    /// <summary>What the last sample saw ready, at that moment.</summary>
    public double ReadyNow { get; private set; }

    /// <summary>CPU that neither jobs nor Isobar use, in CPUs, over some seconds: the owner's own load.</summary>
    public double OwnerCpus => _ownerCpus;

    /// <summary>How long to wait between two samples at least.</summary>
    public TimeSpan LeastStep => IsAtRest && _probe.LeastStep < StepAtRest ? StepAtRest : _probe.LeastStep;

    /// <summary>Measures the speed of a core, once for all starts of the daemon: a busy moment at some later start must not make the machine look slow.</summary>
    public void Calibrate()
    {
        if (!File.Exists(SpeedFile) || !int.TryParse(File.ReadAllText(SpeedFile), CultureInfo.InvariantCulture, out var speed) || speed <= 0)
            Keep(CoreSpeed.Measure(CalibrationTime));
        else
            Use(speed);
    }

    /// <summary>Samples. True in <paramref name="arrived"/> or <paramref name="departed"/> when jobs came or went.</summary>
    public LoadSample Sample(out bool arrived, out bool departed)
    {
        (arrived, departed) = (false, false);
        var now = Now;
        var elapsed = _sampled == Instant.Never ? 0 : now - _sampled;
        _sampled = now;
        ReadyNow = _probe.Ready();
        _queue.Add(ReadyNow, TimeSpan.FromSeconds(elapsed));
        if (now - _looked >= LookEvery * 0.95)
            LookAround(now, out arrived, out departed);
        return new LoadSample
        {
            Time = now,
            Ready = ReadyNow,
            OwnReady = _ownerCpus,
            CpuUsed = _look.CpuUsed,
            CpuPressure = _look.CpuPressure,
            MemoryPressure = _look.MemoryPressure,
            IoPressure = _look.IoPressure,
            FreeMemoryBytes = _look.Memory.AvailableBytes,
            TotalMemoryBytes = _look.Memory.TotalBytes,
            OwnerIdleSeconds = double.PositiveInfinity,
        };
    }

    public void Dispose() => _probe.Dispose();

    // Nothing to balance here, and nobody who waits for a core: what comes is seen soon enough at the pace of the gossip.
    private bool IsAtRest => Jobs.Jobs.Count == 0 && _queue.Average < ReadyAtRest;

    private string SpeedFile => Path.Combine(_options.StateDirectory, "speed");

    private void Keep(int speed)
    {
        SecretFile.Write(SpeedFile, speed.ToString(CultureInfo.InvariantCulture), SecretFile.Readable);
        Use(speed);
    }

    private void Use(int speed)
    {
        Volatile.Write(ref _speed, speed);
        Volatile.Write(ref _cores, CoresOf(_probe.Quota));
    }

    // A core can only seem slower than it is.
    private void CalibrateFurther(double elapsed)
    {
        _sinceCalibrated += elapsed;
        if (_sinceCalibrated < _nextLaterRun || _sinceCalibrated > LaterRunsSeconds)
            return;
        _nextLaterRun = _sinceCalibrated * LaterRunsGrowth;
        var speed = CoreSpeed.Measure(TimeSpan.Zero);
        if (speed > Speed * Better)
            Keep(speed);
    }

    private void LookAround(Instant now, out bool arrived, out bool departed)
    {
        var elapsed = _looked == Instant.Never ? 0 : now - _looked;
        _looked = now;
        var quota = _look.Quota;
        _look = _probe.Look(elapsed);
        if (_look.Quota != quota)
            Volatile.Write(ref _cores, CoresOf(_look.Quota));
        var (came, went) = Jobs.Refresh(now);
        (arrived, departed) = (came > 0, went > 0);
        FollowOwner(now, elapsed);
        CalibrateFurther(elapsed);
    }

    // By CPU time and not by ready threads: it is exact, and a moment's work of Isobar itself is not taken for an owner's.
    private void FollowOwner(Instant now, double elapsed)
    {
        _cpuUsers.Clear();
        Jobs.CpuUsers(_cpuUsers);
        if (_account.Used(_cpuUsers, (now - Instant.Zero) - elapsed) is not { } ours || elapsed <= 0)
            return;
        var owner = Math.Max(0, _look.CpuUsed - (ours / elapsed));
        _ownerCpus += (1 - Math.Exp(-elapsed / OwnerTimeConstant)) * (owner - _ownerCpus);
    }

    private CoreSet CoresOf(double? quota)
    {
        var shares = UsableCores.Shares(MachineFacts.Cores, quota);
        var speeds = new float[shares.Length];
        for (var i = 0; i < shares.Length; i++)
            speeds[i] = (float)(shares[i] * CoreSpeedFactor);
        return new CoreSet(speeds);
    }
}
