using System.Net;
using System.Net.Security;

namespace Isobar.Cli.Doctor.Checks;

/// <summary>Reads another member's clock from the Date line of any answer of its daemon (RFC 9110, 6.6.1).</summary>
internal static class MemberClock
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The Date line has whole seconds.</summary>
    public static TimeSpan Resolution { get; } = TimeSpan.FromSeconds(1);

    /// <summary>How far the member's clock is ahead of ours, or null when there was no answer.</summary>
    public static async Task<TimeSpan?> OffsetAsync(string address, TimeProvider time, CancellationToken cancellation)
    {
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = Patience,
            // Whoever answers is only asked the time, and told nothing: the command has no key of the cluster.
#pragma warning disable CA5359
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
        };
        using var client = new HttpClient(handler) { Timeout = Patience, DefaultRequestVersion = HttpVersion.Version20 };
        try
        {
            var before = time.GetUtcNow();
            using var answer = await client.GetAsync(new Uri($"https://{address}/"), HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            var middle = before + ((time.GetUtcNow() - before) / 2);
            return answer.Headers.Date is { } date ? date + (Resolution / 2) - middle : null;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
