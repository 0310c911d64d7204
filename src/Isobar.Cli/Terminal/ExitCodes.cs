namespace Isobar.Cli.Terminal;

/// <summary>Exit codes of the command itself, as docker and podman use them; a job's own code passes through.</summary>
public static class ExitCodes
{
    public const int Success = 0;

    /// <summary>Isobar failed, not the job.</summary>
    public const int Failure = 125;

    /// <summary>Interrupted by Ctrl-C (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
