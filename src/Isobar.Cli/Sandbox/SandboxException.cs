namespace Isobar.Cli.Sandbox;

/// <summary>A sandbox could not be made, used or taken down; the message is one sentence for the user.</summary>
public sealed class SandboxException : Exception
{
    public SandboxException(string message)
        : base(message)
    {
    }

    public SandboxException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
