using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Processes;

/// <summary>A program to start. Signals of the child are unblocked and at their defaults, and it has no descriptor but those named here.</summary>
public sealed record SpawnRequest
{
    /// <summary>Absolute path of the program; PATH is not searched.</summary>
    public required string Path { get; init; }

    /// <summary>The whole argument vector, argv[0] included.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>"NAME=value" entries, or null for the environment of this process.</summary>
    public IReadOnlyList<string>? Environment { get; init; }

    /// <summary>The working directory, or null for that of this process.</summary>
    public string? Directory { get; init; }

    /// <summary>Number in the child -> descriptor of ours. Sources may have the numbers of other targets. Numbers not named are closed.</summary>
    public IReadOnlyDictionary<int, SafeFileHandle> Descriptors { get; init; } = new Dictionary<int, SafeFileHandle>();

    /// <summary>Make the child leader of a new session (no controlling terminal, own process group).</summary>
    public bool NewSession { get; init; }

    /// <summary>
    /// Give the child a session keyring of its own (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING), so that what its user keeps there is not in this process's, which its other children have. The calling thread changes to it,
    /// too, since it is handed on.
    /// </summary>
    public bool NewKeyring { get; init; }

    /// <summary>
    /// How late the kernel may wake the child's threads up from a timed sleep, so that several wake-ups become one; null = as this thread's own (50 us, unless changed).
    /// Handed on to whatever the child starts (PR_SET_TIMERSLACK, prctl(2)).
    /// </summary>
    public TimeSpan? TimerSlack { get; init; }
}
