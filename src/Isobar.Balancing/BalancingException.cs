namespace Isobar.Balancing;

/// <summary>A profile or a message is wrong; the text is one sentence that names the cause and the remedy, fit for a user.</summary>
public sealed class BalancingException : Exception
{
    public BalancingException(string message)
        : base(message)
    {
    }

    public BalancingException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public BalancingException()
    {
    }
}
