using System.Net.Sockets;
using System.Text.Json;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Control;

/// <summary>Events to one caller, a JSON line each.</summary>
internal sealed class EventStream(Socket socket) : IAsyncDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: false);
    private readonly SemaphoreSlim _one = new(1);

    public async Task SendAsync(SupervisorEvent happening, CancellationToken cancellationToken)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(happening, JobJson.Default.SupervisorEvent);
        Array.Resize(ref line, line.Length + 1);
        line[^1] = (byte)'\n';
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _one.Dispose();
        return _stream.DisposeAsync();
    }
}
