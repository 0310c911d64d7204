using System.Net.Sockets;

namespace Isobar.Node.Listening;

/// <summary>Takes connections that are for a job's supervisor and not for the daemon.</summary>
public interface IJobConnectionRouter
{
    /// <summary>
    /// Hands the TCP connection to the supervisor of a job. Nothing was read from it: the ClientHello is still in the kernel's buffer. The descriptor is in
    /// non-blocking mode (the runtime set it; the mode goes along with the open file when it is passed). Afterwards the caller closes its copy.
    /// </summary>
    /// <param name="role">control, files or move.</param>
    /// <param name="jobId">As in alpha-3.</param>
    /// <param name="connection">The connection; owned by the caller.</param>
    /// <param name="origin">Where it came from.</param>
    /// <param name="cancellation">The daemon stops.</param>
    /// <returns>False if there is no such job here.</returns>
    ValueTask<bool> TryHandOverAsync(string role, string jobId, Socket connection, ConnectionOrigin origin, CancellationToken cancellation);
}

/// <summary>What is known of a connection before its TLS handshake.</summary>
/// <param name="Remote">The other end's address.</param>
/// <param name="ServerName">The name in the ClientHello.</param>
/// <param name="Accepted">When it was accepted.</param>
public sealed record ConnectionOrigin(System.Net.EndPoint? Remote, string ServerName, DateTimeOffset Accepted);

/// <summary>Where no jobs are run.</summary>
internal sealed class NoJobConnections : IJobConnectionRouter
{
    public ValueTask<bool> TryHandOverAsync(string role, string jobId, Socket connection, ConnectionOrigin origin, CancellationToken cancellation) => new(false);
}
