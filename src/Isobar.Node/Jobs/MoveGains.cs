using System.Collections.Concurrent;
using System.Text.Json;
using Isobar.Balancing;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>
/// Measures what each move has brought: the job's progress before it and after it, in standard CPU seconds per second of the clock, from what its hosts report of
/// its CPU time every two seconds. Kept beside the job's journal, which the deputy alone writes.
/// </summary>
public sealed class MoveGains
{
    private const string FileName = "gains.jsonl";
    private const double ReferenceSpeed = 1000;

    private readonly ConcurrentDictionary<string, ProgressRecord> _jobs = new();
    private readonly JobFolders _folders;
    private readonly Func<string, double> _speedOf;
    private readonly Func<Instant> _now;

    internal MoveGains(JobFolders folders, ClusterRuntime runtime, MachineLoad load)
        : this(folders, node => SpeedOf(node, runtime, load), static () => MachineLoad.Now)
    {
    }

    internal MoveGains(JobFolders folders, Func<string, double> speedOf, Func<Instant> now) => (_folders, _speedOf, _now) = (folders, speedOf, now);

    /// <summary>A job's status as its deputy told it just now.</summary>
    public void Saw(JobStatus status)
    {
        var record = _jobs.GetOrAdd(status.Id, static _ => new ProgressRecord());
        lock (record)
        {
            record.Take(_now(), status, _speedOf(status.Node));
            if (record.TakeFinished() is { } gain)
                Write(status.Id, gain);
        }
    }

    /// <summary>A move has ended.</summary>
    public void Moved(string job, MoveRecord move)
    {
        if (!move.Committed || move.Failure is not null)
            return;
        var record = _jobs.GetOrAdd(job, static _ => new ProgressRecord());
        lock (record)
            record.Moved(move);
    }

    /// <summary>The job is over.</summary>
    public void Forget(string job)
    {
        if (!_jobs.TryRemove(job, out var record))
            return;
        lock (record)
        {
            if (record.Finish() is { } gain)
                Write(job, gain);
        }
    }

    /// <summary>The ledger's lines with what was measured of them.</summary>
    public static IEnumerable<MoveRecord> Merge(string recordFolder, IEnumerable<MoveRecord> moves)
    {
        var gains = Read(recordFolder);
        foreach (var move in moves)
        {
            yield return gains.TryGetValue(move.When, out var gain)
                ? move with { AchievedGainSeconds = gain.AchievedSeconds, ProgressBefore = gain.Before, ProgressAfter = gain.After }
                : move;
        }
    }

    private void Write(string job, MoveGain gain)
    {
        try
        {
            var folder = _folders.RecordOf(job);
            if (Directory.Exists(folder))
                File.AppendAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(gain, JobJson.Default.MoveGain) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is a measurement, not a record of what happened.
        }
    }

    private static Dictionary<DateTimeOffset, MoveGain> Read(string recordFolder)
    {
        var gains = new Dictionary<DateTimeOffset, MoveGain>();
        var file = Path.Combine(recordFolder, FileName);
        if (!File.Exists(file))
            return gains;
        foreach (var line in File.ReadLines(file))
        {
            try
            {
                if (JsonSerializer.Deserialize(line, JobJson.Default.MoveGain) is { } gain)
                    gains[gain.When] = gain;
            }
            catch (JsonException)
            {
                // Torn by a crash.
            }
        }

        return gains;
    }

    private static double SpeedOf(string node, ClusterRuntime runtime, MachineLoad load)
    {
        var speed = node == runtime.NodeName ? load.Speed : runtime.Current?.Statuses.Of(node).Status?.Speed ?? 0;
        return speed > 0 ? speed / ReferenceSpeed : 1;
    }
}
