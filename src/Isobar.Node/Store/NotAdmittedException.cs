using Isobar.Protocol;

namespace Isobar.Node.Store;

/// <summary>The daemon in front of the store does not know this node as a member (any more); the message is its own.</summary>
public sealed class NotAdmittedException(string reason, Exception inner) : IsobarException(reason, inner);
