using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Isobar.Node.Membership;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>
/// The home's last word to guests of a job that is over: without it they would call for ever, and keep what they have of it. It is said with the node's
/// certificate, since a guest that is told so kills the job.
/// </summary>
public sealed class JobRefusals(JobFolders folders, ClusterRuntime runtime)
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);

    /// <summary>Why nobody will ever answer for a job here; null while somebody may.</summary>
    public string? WhyOver(string jobId)
    {
        // A guest of another home may still be on its way to us; a supervisor that has just died is looked after by whoever watches it.
        if (!JobId.TryParse(jobId, out var id) || id.Value.Home != runtime.NodeName || Directory.Exists(folders.HomeRunOf(jobId)))
            return null;
        return JobRecords.Status(folders.RecordOf(jobId)) switch
        {
            null => $"job {jobId} is not on record at its home.",
            { State: JobState.Done } => $"job {jobId} has ended.",
            _ => $"job {jobId} is lost: its supervisor at home is gone.",
        };
    }

    /// <summary>Does the handshake in the supervisor's place, hears the caller out and refuses.</summary>
    public async Task RefuseAsync(Socket connection, string reason, CancellationToken cancellation)
    {
        if (runtime.Current is not { } cluster)
            return;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(Within);
        try
        {
            await using var stream = new SslStream(new NetworkStream(connection, ownsSocket: false));
            await stream.AuthenticateAsServerAsync(cluster.Identity.ServerOptions((_, _) => true), timeout.Token);
            await TransportFrame.ReadAsync(stream, JobJson.Default.TransportOpening, timeout.Token);
            await TransportFrame.WriteAsync(stream, new TransportAnswer(false, reason), JobJson.Default.TransportAnswer, timeout.Token);
            await stream.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException or JsonException or InvalidDataException)
        {
            // A caller that breaks off, or is no member, needs no answer; a guest asks again.
        }
    }
}
