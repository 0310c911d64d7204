using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Deputies;

/// <summary>The command <c>isobar run</c> that waits for the job, with the user's terminal or pipes.</summary>
internal sealed class ClientSession : IDisposable
{
    private readonly MessageStream<ClientMessage> _fromClient;
    private readonly MessageStream<AttachMessage> _toClient;

    public ClientSession(ResumableLink link)
    {
        Link = link;
        _fromClient = new MessageStream<ClientMessage>(link[JobChannels.Control], JobJson.Default.ClientMessage);
        _toClient = new MessageStream<AttachMessage>(link[JobChannels.Control], JobJson.Default.AttachMessage);
    }

    public ResumableLink Link { get; }

    public async ValueTask TellAsync(AttachMessage message)
    {
        try
        {
            await _toClient.SendAsync(message).ConfigureAwait(false);
        }
        catch (LinkClosedException)
        {
            // It has gone; the job does not depend on it.
        }
    }

    public async Task ListenAsync(Func<ClientMessage, ValueTask> handle, CancellationToken cancellationToken)
    {
        try
        {
            while (await _fromClient.ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } message)
                await handle(message).ConfigureAwait(false);
        }
        catch (LinkClosedException)
        {
            // It has gone.
        }
    }

    public void Dispose()
    {
        _fromClient.Dispose();
        _toClient.Dispose();
    }
}
