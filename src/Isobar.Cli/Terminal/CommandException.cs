using Isobar.Protocol;

namespace Isobar.Cli.Terminal;

/// <summary>The command failed for a reason that the user is told in one sentence; exit code 125.</summary>
public sealed class CommandException(string message, Exception? inner = null) : IsobarException(message, inner);
