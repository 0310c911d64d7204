using System.Text.Json.Serialization;

namespace Isobar.Protocol.Jobs;

/// <summary>Where a job is in its life.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobState>))]
public enum JobState
{
    Starting,
    Running,
    Stopped,
    Moving,

    /// <summary>The node where it runs does not answer; the job is frozen there or lost.</summary>
    Unreachable,
    Done,

    /// <summary>Its supervisor is gone without an end of the job being known: the machine went down.</summary>
    Lost,
}

/// <summary>How a job ended: as a shell's <c>$?</c> (128 + n for a signal n), and why if Isobar ended it.</summary>
public sealed record JobEnd(int ExitCode, string? Reason = null);

/// <summary>A job at one moment, as listings show it.</summary>
public sealed record JobStatus
{
    /// <summary>That of a job's start.</summary>
    public const int FirstIncarnation = 1;

    public required string Id { get; init; }

    public string? Name { get; init; }

    public required uint Uid { get; init; }

    public required JobState State { get; init; }

    /// <summary>The node where it runs, or ran last.</summary>
    public required string Node { get; init; }

    public required int Incarnation { get; init; }

    public required string Command { get; init; }

    public required DateTimeOffset Started { get; init; }

    public DateTimeOffset? Ended { get; init; }

    public int? ExitCode { get; init; }

    public string? Reason { get; init; }

    /// <summary>CPU time used by all of its processes so far, seconds, over all of its incarnations.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Resident memory of all of its processes, bytes.</summary>
    public long ResidentBytes { get; init; }

    public int Processes { get; init; }

    /// <summary>Committed moves so far.</summary>
    public int Moves { get; init; }

    public bool Detached { get; init; }

    public bool Stay { get; init; }

    /// <summary>How often it may move by itself.</summary>
    public int? MaxMoves { get; init; }

    /// <summary>The user chose the node where it is: only an owner, want of memory or a drain moves it from there.</summary>
    public bool Chosen { get; init; }

    /// <summary>Which nodes it may use (<c>--nodes</c>); null = all.</summary>
    public string? Nodes { get; init; }

    /// <summary>Free memory that a node must have before it goes there, bytes; 0 = no wish.</summary>
    public long MinMemoryBytes { get; init; }

    /// <summary>How important it is: 1 the most, 255 the least.</summary>
    public int Priority { get; init; } = JobPriority.Normal;

    /// <summary>Its wishes in words, each with where it comes from: an option, the environment, a file.</summary>
    public string? Wishes { get; init; }

    /// <summary>Why a rule lets it stand still; null when none does.</summary>
    public string? Suspended { get; init; }

    /// <summary>What of its memory is in other machines' memory; null when nothing is or was since it came to its node.</summary>
    public PagesElsewhere? Elsewhere { get; init; }

    /// <summary>It stands still as frozen, see <see cref="Hold"/>.</summary>
    public bool IsFrozen { get; init; }

    /// <summary>Why a rule lets it run only on what others leave; null when none does.</summary>
    public string? Background { get; init; }

    /// <summary>How and why a rule holds it back; null when none does.</summary>
    [JsonIgnore]
    public Hold? Held
    {
        get => Background is not null ? new Hold(Background, HoldKind.Background)
            : Suspended is not null ? new Hold(Suspended, IsFrozen ? HoldKind.Frozen : HoldKind.Suspended)
            : null;
        init => (Suspended, IsFrozen, Background) = value switch
        {
            { Kind: HoldKind.Background } => (null, false, value.Reason),
            _ => (value?.Reason, value?.Kind == HoldKind.Frozen, (string?)null),
        };
    }

    /// <summary>A job that is just being started for the first time.</summary>
    /// <param name="id">What it is called.</param>
    /// <param name="spec">What its user wants.</param>
    /// <param name="node">Where it starts.</param>
    /// <param name="now">The time.</param>
    public static JobStatus Begin(string id, JobSpec spec, string node, DateTimeOffset now) => new()
    {
        Id = id,
        Name = spec.Name,
        Uid = spec.Uid,
        State = JobState.Starting,
        Node = node,
        Incarnation = FirstIncarnation,
        Command = spec.CommandLine,
        Started = now,
        Detached = spec.Detached,
        Stay = spec.Stay,
        MaxMoves = spec.MaxMoves,
        Nodes = spec.Nodes,
        MinMemoryBytes = spec.MinMemoryBytes,
        Priority = spec.Priority,
        Wishes = spec.Wishes,
    };
}

/// <summary>How a rule holds a job back.</summary>
public enum HoldKind
{
    /// <summary>It stands still.</summary>
    Suspended,

    /// <summary>It stands still, frozen in the sense of the rules (MOSIX2): only what thaws lets it go on, and not what resumes the suspended.</summary>
    Frozen,

    /// <summary>It runs on what others leave.</summary>
    Background,
}

/// <summary>A rule holds a job back where it is.</summary>
/// <param name="Reason">Why, in words.</param>
/// <param name="Kind">How.</param>
public sealed record Hold(string Reason, HoldKind Kind = HoldKind.Suspended)
{
    /// <summary>Whether it does not run at all.</summary>
    [JsonIgnore]
    public bool IsStill => Kind != HoldKind.Background;
}

/// <summary>Pages of a job that are not where it runs.</summary>
/// <param name="Places">Bytes by node; without a name: on the disk of the job's node only, since the node that had them has forgotten them or is gone.</param>
/// <param name="Out">Pages that went out since the job came to its node, or since all were home last for a move that failed.</param>
/// <param name="Back">Pages that came back.</param>
/// <param name="FromDisk">Of these, those that came from the disk.</param>
/// <param name="Faults">How often the job waited for a page.</param>
/// <param name="FaultMilliseconds">How long on average.</param>
/// <param name="LongestStandMilliseconds">The longest time that it stood still while pages were taken.</param>
public sealed record PagesElsewhere(
    IReadOnlyDictionary<string, long> Places, long Out, long Back, long FromDisk, long Faults, double FaultMilliseconds, double LongestStandMilliseconds);

/// <summary>Classes of importance, as MOSIX2 has them: a small number is important, 0 is the machine's owner.</summary>
public static class JobPriority
{
    public const int Highest = 1;
    public const int High = 50;
    public const int Normal = 100;
    public const int Low = 200;
    public const int Lowest = 255;

    /// <summary>A class or a number; null when it is neither.</summary>
    public static int? Parse(string text) => text switch
    {
        "high" => High,
        "normal" => Normal,
        "low" => Low,
        _ => int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number is >= Highest and <= Lowest ? number : null,
    };
}

/// <summary>One line of the ledger: a move that was tried.</summary>
public sealed record MoveRecord
{
    public required DateTimeOffset When { get; init; }

    public required string From { get; init; }

    public required string To { get; init; }

    /// <summary>The job runs at <see cref="To"/> since; otherwise it went on at <see cref="From"/>.</summary>
    public required bool Committed { get; init; }

    /// <summary>Bytes of the process images that crossed the wire.</summary>
    public long Bytes { get; init; }

    /// <summary>How long the job stood still, seconds.</summary>
    public double FreezeSeconds { get; init; }

    /// <summary>From the wish to the end of the move, seconds.</summary>
    public double TotalSeconds { get; init; }

    /// <summary>Where the time went: preparing the target, dumping and sending, restoring, seconds each.</summary>
    public double PrepareSeconds { get; init; }

    public double TransferSeconds { get; init; }

    public double RestoreSeconds { get; init; }

    /// <summary>Who wanted it and why.</summary>
    public required string Why { get; init; }

    /// <summary>What the balancer expected the job to save, in seconds; null when a user wanted the move.</summary>
    public double? PredictedGainSeconds { get; init; }

    /// <summary>What it expected the other jobs at both nodes to save by that, all together, over the same time, seconds; null for none.</summary>
    public double? PredictedOthersGainSeconds { get; init; }

    /// <summary>
    /// What the move did save, in seconds, over a time as long as the job's age: age × (1 / progress before − 1 / progress after) − freeze. Null while it is not
    /// known, or when the job waited for something else than a CPU.
    /// </summary>
    public double? AchievedGainSeconds { get; init; }

    /// <summary>Standard CPU seconds per second that it got in the ten seconds before, as far as it ran.</summary>
    public double? ProgressBefore { get; init; }

    /// <summary>The same in the ten seconds after.</summary>
    public double? ProgressAfter { get; init; }

    /// <summary>The job, in listings of several.</summary>
    public string? Job { get; init; }

    /// <summary>Why it failed, one sentence.</summary>
    public string? Failure { get; init; }

    /// <summary>The end of CRIU's log, when CRIU failed.</summary>
    public string? Log { get; init; }
}

/// <summary>What was measured of a move afterwards.</summary>
/// <param name="When">The move's time, by which it is found in the ledger.</param>
/// <param name="Before">Standard CPU seconds per second before it.</param>
/// <param name="After">The same after it.</param>
/// <param name="AchievedSeconds">What it saved, see <see cref="MoveRecord.AchievedGainSeconds"/>.</param>
public sealed record MoveGain(DateTimeOffset When, double Before, double After, double? AchievedSeconds);
