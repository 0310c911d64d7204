namespace Isobar.Supervisor.Deputies;

/// <summary>A move cannot be; the message is one sentence for the user. The job goes on where it was.</summary>
internal sealed class MoveException : Exception
{
    public MoveException()
    {
    }

    public string? Log { get; }

    public MoveException(string message)
        : base(message)
    {
    }

    /// <param name="message">The sentence.</param>
    /// <param name="log">The end of CRIU's log, for the ledger.</param>
    public MoveException(string message, string? log)
        : base(message) => Log = log;

    public MoveException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
