namespace Isobar.Linux.Fuse;

/// <summary>The home's files cannot be shown on this machine; the message names cause and remedy.</summary>
public class FileViewException : Exception
{
    public FileViewException()
    {
    }

    public FileViewException(string message)
        : base(message)
    {
    }

    public FileViewException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// The home refuses this view for good: the session is unknown there (its process ended), or a newer incarnation of the job has taken its place.
/// Thrown by a <c>connect</c> function, it ends the view; thrown by the view, it tells why it ended.
/// </summary>
public sealed class FileViewRefusedException : FileViewException
{
    public FileViewRefusedException()
    {
    }

    public FileViewRefusedException(string message)
        : base(message)
    {
    }

    public FileViewRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
