namespace Isobar.Linux.Processes;

/// <summary>How a process ended: with a code (0..255) of its own, or by a signal.</summary>
/// <param name="Code">The exit code, or null when a signal ended it.</param>
/// <param name="Signal">The signal's number, or null when it exited by itself.</param>
/// <param name="CoreDumped">A core was dumped (only with a signal).</param>
public readonly record struct ExitStatus(int? Code, int? Signal, bool CoreDumped)
{
    /// <summary>What a shell shows as $?: the code, or 128 plus the signal's number.</summary>
    public int ShellCode => Code ?? 128 + Signal.GetValueOrDefault();

    public bool Succeeded => Code == 0;

    public static ExitStatus Exited(int code) => new(code, null, false);

    public static ExitStatus Killed(int signal, bool coreDumped = false) => new(null, signal, coreDumped);

    public override string ToString() => Code is { } code ? $"exited with code {code}" : $"was killed by signal {Signal}";
}
