using Isobar.Protocol;

namespace Isobar.Cli.Sandbox;

/// <summary>A sandbox could not be made, used or taken down; the message is one sentence for the user.</summary>
public sealed class SandboxException(string message, Exception? inner = null) : IsobarException(message, inner);
