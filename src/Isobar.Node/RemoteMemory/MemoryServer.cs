using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Isobar.Linux.Fuse;
using Isobar.Linux.Kernel;
using Isobar.Linux.Load;
using Isobar.Linux.Sockets;
using Isobar.Node.Membership;
using Isobar.Node.Settings;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Protocol.RemoteMemory;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Node.RemoteMemory;

/// <summary>
/// Keeps pages of other machines' jobs in this machine's memory (profiles gms and rms). All of them are on the disks of their own machines, too, so this one may forget them at any time: when its memory
/// gets short, when it is restarted, when the job's supervisor is gone.
/// </summary>
internal sealed partial class MemoryServer : IHostedService, IDisposable
{
    private static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SilenceBreaks = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<(string Node, string Job, string Secret), KeptPages> _jobs = new();
    private readonly ConcurrentDictionary<SslStream, bool> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _came = new(0);
    private readonly MemoryGauge _memory = new();
    private readonly Lock _gate = new();
    private readonly LentMemory _lent;
    private readonly ClusterRuntime _runtime;
    private readonly ILogger _log;
    private Task _watching = Task.CompletedTask;

    public MemoryServer(ClusterRuntime runtime, LiveSettings settings, ILogger<MemoryServer> log)
    {
        (_runtime, _log) = (runtime, log);
        _lent = new LentMemory(_memory.Read, () => settings.MemoryKeptFree);
    }

    /// <summary>Takes a connection over, of which nothing was read; the caller closes his copy.</summary>
    public void Take(Socket connection, string job)
    {
        using var handle = new SafeFileHandle(connection.Handle, ownsHandle: false);
        _ = ServeAsync(DescriptorSockets.Take(FileDescriptor.Duplicate(handle)), job);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _watching = WatchMemoryAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        foreach (var connection in _connections.Keys)
            await connection.DisposeAsync();
        await _watching;
    }

    public void Dispose()
    {
        _memory.Dispose();
        _stopping.Dispose();
    }

    private async Task ServeAsync(Socket socket, string job)
    {
        // Synchronous from here on: a thread that waits in the kernel answers sooner than one that is woken by another.
        var stream = new SslStream(new BlockingSocketStream(socket));
        try
        {
            // Of a machine that went down nothing more would be heard, and its pages would stay for ever.
            TcpSilence.Notice(socket, SilenceBreaks, askAfter: SilenceBreaks / 2, askEvery: SilenceBreaks / 4);
            if (_runtime.Current is not { } cluster || await GreetAsync(stream, cluster, job) is not { } key)
            {
                await stream.DisposeAsync();
                return;
            }

            _connections[stream] = true;
            new Thread(() => Serve(stream, key), 256 * 1024) { IsBackground = true, Name = "memory server" }.Start();
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException or JsonException or InvalidDataException or ObjectDisposedException)
        {
            // A caller that breaks off, or is no member, gets no memory.
            await stream.DisposeAsync();
        }
    }

    private async Task<(string Node, string Job, string Secret)?> GreetAsync(SslStream stream, ActiveCluster cluster, string job)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        timeout.CancelAfter(HandshakeWithin);
        string? peer = null;
        await stream.AuthenticateAsServerAsync(cluster.Identity.ServerOptions((node, _) => (peer = node) is not null), timeout.Token);
        var opening = await TransportFrame.ReadAsync(stream, JobJson.Default.TransportOpening, timeout.Token);
        var refusal = opening.Node != peer ? $"the certificate is {peer}'s, not {opening.Node}'s."
            : opening.Job != job || opening.Secret is null ? "it is not said whose pages these are."
            : _lent.Missing > 0 ? $"{cluster.NodeName} has no memory to lend."
            : null;
        await TransportFrame.WriteAsync(stream, new TransportAnswer(refusal is null, refusal), JobJson.Default.TransportAnswer, timeout.Token);
        return refusal is null ? (opening.Node, opening.Job, opening.Secret!) : null;
    }

    private void Serve(SslStream stream, (string Node, string Job, string Secret) key)
    {
        var pages = Use(key);
        var buffer = new byte[PageFrame.HeadLength + (PageFrame.MostPages * PageFrame.PageSize)];
        try
        {
            while (true)
                Answer(stream, PageFrame.Read(stream), pages, buffer);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ObjectDisposedException)
        {
            // The supervisor has no more use for it, is gone, or this daemon ends.
        }
        catch (Exception e)
        {
            // The last line of defence of a thread of the daemon's: a connection is lost, whose pages are on a disk.
            LogLost(_log, key.Job, key.Node, e.Message);
        }
        finally
        {
            if (pages.Leave())
                _jobs.TryRemove(new(key, pages));
            _connections.TryRemove(stream, out _);
            stream.Dispose();
        }
    }

    private void Answer(SslStream stream, PageFrame asked, KeptPages pages, byte[] buffer)
    {
        var body = buffer.AsSpan(PageFrame.HeadLength);
        switch (asked.Kind)
        {
            case PageFrameKind.Keep:
                body = body[..asked.Bytes];
                stream.ReadExactly(body);
                bool isTaken;
                lock (_gate)
                    isTaken = _lent.TryTake(body.Length);
                if (isTaken)
                    pages.Keep(asked.Slot, body);
                (asked with { Kind = PageFrameKind.Kept, Yes = isTaken }).Write(buffer);
                stream.Write(buffer, 0, PageFrame.HeadLength);
                break;
            case PageFrameKind.Send:
                var isHere = pages.TryGive(asked.Slot, body[..asked.Bytes]);
                (asked with { Kind = PageFrameKind.Pages, Yes = isHere }).Write(buffer);
                stream.Write(buffer, 0, PageFrame.HeadLength + (isHere ? asked.Bytes : 0));
                break;
            case PageFrameKind.Drop:
                pages.Drop(asked.Slot, asked.Count);
                break;
            default:
                throw new InvalidDataException("An answer came to a memory server.");
        }
    }

    // A job's supervisor has two connections: a page that is waited for must not stand behind those that go.
    private KeptPages Use((string Node, string Job, string Secret) key)
    {
        while (true)
        {
            var made = new KeptPages();
            var pages = _jobs.GetOrAdd(key, made);
            if (ReferenceEquals(pages, made))
                _came.Release();
            if (ReferenceEquals(pages, made) || pages.TryUse())
                return pages;
            _jobs.TryRemove(new(key, pages));
        }
    }

    private async Task WatchMemoryAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                // Most daemons never keep a page for anybody.
                await _came.WaitAsync(cancellation);
                while (!_jobs.IsEmpty)
                {
                    await Task.Delay(LookEvery, cancellation);
                    if (_lent.Missing is > 0 and var missing)
                        Forget(missing);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    }

    private void Forget(long missing)
    {
        foreach (var ((node, job, _), pages) in _jobs.OrderByDescending(entry => entry.Value.Bytes))
        {
            if (missing <= 0)
                break;
            var freed = pages.Forget(missing);
            missing -= freed;
            if (freed > 0)
                LogForgot(_log, freed >> 20, job, node);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "memory: the connection for pages of {Job} of {Node} was lost: {Reason}")]
    private static partial void LogLost(ILogger log, string job, string node, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "memory: {MiB} MiB of {Job} of {Node} were forgotten here, for memory is short: they are on its disk")]
    private static partial void LogForgot(ILogger log, long mib, string job, string node);
}
