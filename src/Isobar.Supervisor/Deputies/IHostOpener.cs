namespace Isobar.Supervisor.Deputies;

/// <summary>How a host for an incarnation comes to be: the deputy's own process at home, or a guest supervisor that its node's daemon starts.</summary>
internal interface IHostOpener
{
    /// <summary>A connected host.</summary>
    /// <exception cref="MoveException">The node cannot host the job.</exception>
    Task<HostConnection> OpenAsync(string node, int incarnation, CancellationToken cancellationToken);
}
