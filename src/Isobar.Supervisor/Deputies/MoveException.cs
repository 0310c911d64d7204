namespace Isobar.Supervisor.Deputies;

/// <summary>A move cannot be; the message is one sentence for the user. The job goes on where it was.</summary>
internal sealed class MoveException : Exception
{
    public MoveException()
    {
    }

    public MoveException(string message)
        : base(message)
    {
    }

    public MoveException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
