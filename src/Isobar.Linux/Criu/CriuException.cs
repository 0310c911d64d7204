namespace Isobar.Linux.Criu;

/// <summary>CRIU could not dump or restore. The message is one sentence with cause and remedy.</summary>
public sealed class CriuException : Exception
{
    public CriuException(string message, string? logTail = null, Exception? inner = null)
        : base(message, inner)
        => LogTail = logTail;

    /// <summary>It was a matter of the moment: the same may succeed a little later.</summary>
    public bool MayPass { get; init; }

    /// <summary>The last lines of CRIU's own log, for the ledger; null when there is none.</summary>
    public string? LogTail { get; }
}
