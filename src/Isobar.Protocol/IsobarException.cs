namespace Isobar.Protocol;

/// <summary>A failure that the user is to read: <see cref="Exception.Message"/> is one sentence that names cause and remedy.</summary>
public abstract class IsobarException : Exception
{
    protected IsobarException(string message) : base(message) { }

    protected IsobarException(string message, Exception? inner) : base(message, inner) { }
}
