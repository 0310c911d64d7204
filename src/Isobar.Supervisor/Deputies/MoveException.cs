using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Deputies;

/// <summary>A move cannot be; the message is one sentence for the user. The job goes on where it was.</summary>
internal sealed class MoveException : Exception
{
    public MoveException()
    {
    }

    /// <summary>The word of the host that failed, if one said so.</summary>
    public MoveFailed? Said { get; }

    public MoveException(string message)
        : base(message)
    {
    }

    /// <summary>What one of the hosts said.</summary>
    public MoveException(MoveFailed failure)
        : base(failure.Reason) => Said = failure;

    public MoveException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
