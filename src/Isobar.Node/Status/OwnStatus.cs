using System.Globalization;
using Isobar.Linux.Load;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Security;

namespace Isobar.Node.Status;

/// <summary>What this node tells the others about itself. Samples the run queue each second.</summary>
public sealed class OwnStatus(Hosting.DaemonOptions options, IJobCounts jobs, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CalibrationTime = TimeSpan.FromMilliseconds(100);

    private readonly RunQueue _queue = new(TimeSpan.FromSeconds(5));
    private readonly MachineProbe _probe = new();
    private int _speed = CoreSpeed.Reference;

    public static string Version { get; } = typeof(OwnStatus).Assembly.GetName().Version!.ToString(3);

    public NodeStatus Read(string name, string storeRole)
    {
        var memory = MachineMemory.Read();
        return new NodeStatus
        {
            Name = name,
            Version = Version,
            Kernel = MachineFacts.Kernel,
            Cores = MachineFacts.Cores,
            Speed = Volatile.Read(ref _speed),
            Load = _queue.Average,
            MemoryTotalBytes = memory.TotalBytes,
            MemoryFreeBytes = memory.AvailableBytes,
            UptimeSeconds = MachineFacts.Uptime.TotalSeconds,
            HomeJobs = jobs.HomeJobs,
            Guests = jobs.Guests,
            StoreRole = storeRole,
            BootId = MachineFacts.BootId,
        };
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Run(() => Volatile.Write(ref _speed, KnownOrMeasuredSpeed()), stoppingToken);
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
                _queue.Add(_probe.Ready(), Period);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }

    /// <summary>Measured once per machine: a busy moment at some later start must not make it look slow.</summary>
    private int KnownOrMeasuredSpeed()
    {
        var file = Path.Combine(options.StateDirectory, "speed");
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var known) && known > 0)
            return known;
        var measured = CoreSpeed.Measure(CalibrationTime);
        SecretFile.Write(file, measured.ToString(CultureInfo.InvariantCulture), SecretFile.Readable);
        return measured;
    }
}
