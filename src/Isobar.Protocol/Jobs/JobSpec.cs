namespace Isobar.Protocol.Jobs;

/// <summary>What one of the job's descriptors 0, 1, 2 is when it starts.</summary>
public enum StdioKind
{
    /// <summary>The job's own pseudo-terminal, relayed to the user's.</summary>
    Terminal,

    /// <summary>A pipe, relayed to whatever the user gave.</summary>
    Pipe,

    /// <summary>/dev/null of the machine where the job runs.</summary>
    Null,

    /// <summary>A regular file of the home, opened again by its path in the job's view, so that it can be sought and mapped.</summary>
    File,

    /// <summary>The same open file as standard output (<c>2&gt;&amp;1</c>), so that the order of writes is kept.</summary>
    SameAsOutput,
}

/// <summary>One of the descriptors 0, 1, 2.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">The file's path, for <see cref="StdioKind.File"/>.</param>
/// <param name="Flags">The open flags of fcntl(F_GETFL), for a file.</param>
/// <param name="Offset">Where reading goes on, in bytes, for a file.</param>
public sealed record StdioSpec(StdioKind Kind, string? Path = null, int Flags = 0, long Offset = 0);

/// <summary>A resource limit as of setrlimit(2); <see cref="ulong.MaxValue"/> is no limit.</summary>
public sealed record ResourceLimit(int Resource, ulong Soft, ulong Hard);

/// <summary>A terminal's size in characters.</summary>
public sealed record WindowSize(int Columns, int Rows);

/// <summary>Everything that a shell would hand to a program that it starts: what a job is, before it runs anywhere.</summary>
public sealed record JobSpec
{
    /// <summary>The program and its arguments, as bytes: file names need not be UTF-8.</summary>
    public required IReadOnlyList<byte[]> Command { get; init; }

    /// <summary>The environment, each entry <c>NAME=value</c>, as bytes.</summary>
    public required IReadOnlyList<byte[]> Environment { get; init; }

    /// <summary>The working directory.</summary>
    public required string Directory { get; init; }

    public required int Umask { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    public required IReadOnlyList<uint> Groups { get; init; }

    public required IReadOnlyList<ResourceLimit> Limits { get; init; }

    /// <summary>Signals that were ignored when isobar was started (nohup, a shell's background jobs).</summary>
    public required IReadOnlyList<int> IgnoredSignals { get; init; }

    /// <summary>Nice value, -20 to 19.</summary>
    public int Nice { get; init; }

    /// <summary>Preference for the kernel's choice when memory runs out, -1000 (never) to 1000 (first): /proc/self/oom_score_adj.</summary>
    public int OutOfMemoryAdjustment { get; init; }

    public required StdioSpec Input { get; init; }

    public required StdioSpec Output { get; init; }

    public required StdioSpec Error { get; init; }

    public WindowSize? Window { get; init; }

    /// <summary>The settings of the user's terminal (its keys, its modes) as of tcgetattr(3), for the job's own.</summary>
    public byte[]? TerminalSettings { get; init; }

    /// <summary>A name given by the user, shown in listings and accepted wherever a job is named.</summary>
    public string? Name { get; init; }

    /// <summary>The job's output is kept at home instead of being shown by a waiting command.</summary>
    public bool Detached { get; init; }

    /// <summary>The job never moves by itself (it can be moved by hand).</summary>
    public bool Stay { get; init; }

    /// <summary>How often it may move by itself; null = as often as it pays.</summary>
    public int? MaxMoves { get; init; }

    /// <summary>Which nodes it may use: names, globs, and what is not wanted with ! before it; null = all.</summary>
    public string? Nodes { get; init; }

    /// <summary>Free memory that a node must have before it goes there, bytes; 0 = no wish.</summary>
    public long MinMemoryBytes { get; init; }

    /// <summary>How important it is: 1 the most, 255 the least.</summary>
    public int Priority { get; init; } = JobPriority.Normal;

    /// <summary>Its wishes in words, each with where it comes from, for <c>isobar why</c>.</summary>
    public string? Wishes { get; init; }

    /// <summary>The job has a terminal of its own.</summary>
    public bool UsesTerminal => Input.Kind == StdioKind.Terminal || Output.Kind == StdioKind.Terminal || Error.Kind == StdioKind.Terminal;

    /// <summary>The command as one line for listings.</summary>
    public string CommandLine => string.Join(' ', Command.Select(argument => System.Text.Encoding.UTF8.GetString(argument)));
}
