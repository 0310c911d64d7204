using System.Globalization;
using System.Net.Sockets;
using Isobar.Node.Listening;
using Isobar.Node.RemoteMemory;
using Isobar.Protocol.RemoteMemory;

namespace Isobar.Node.Jobs;

/// <summary>Hands connections to the supervisors that they are for; after that the daemon has no part in them, and may be restarted.</summary>
internal sealed class JobConnectionRouter(JobFolders folders, JobRefusals refusals, MemoryServer memory) : IJobConnectionRouter
{
    private const string MoveRole = "move";

    public async ValueTask<bool> TryHandOverAsync(string role, string jobId, Socket connection, ConnectionOrigin origin, CancellationToken cancellation)
    {
        // The job has nothing else here.
        if (role == PageFrame.Role)
        {
            memory.Take(connection, jobId);
            return true;
        }

        var folder = FolderFor(role, jobId);
        if (!Directory.Exists(folder))
        {
            if (refusals.WhyOver(jobId) is not { } over)
                return false;
            await refusals.RefuseAsync(connection, over, cancellation);
            return true;
        }

        try
        {
            await SupervisorClient.HandOverAsync(folder, role, connection, cancellation);
            return true;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    // Images for an incarnation go to the guest supervisor that was started for it, or to the home's own.
    private string FolderFor(string role, string jobId)
    {
        if (role.StartsWith(MoveRole, StringComparison.Ordinal)
            && int.TryParse(role.AsSpan(MoveRole.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation))
        {
            var guest = folders.GuestRunOf(jobId, incarnation);
            if (Directory.Exists(guest))
                return guest;
        }

        return folders.HomeRunOf(jobId);
    }
}
