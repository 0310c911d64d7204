using System.Threading.Channels;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Isobar.Linux.Threads;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu.Rpc;

/// <summary>
/// One `criu swrk` process, which serves one request over a SEQPACKET socket pair and asks us at certain points on its way (notifications).
/// As its parent we become the parent of the tree that it restores (rst_sibling).
/// </summary>
internal sealed class CriuWorker : IAsyncDisposable
{
    /// <summary>Descriptors handed through to CRIU begin here; 3 is the socket.</summary>
    public const int FirstInherited = 10;

    private const int SocketFd = 3;
    private const int LargestMessage = 256 * 1024;

    private readonly SafeFileHandle _socket;
    private readonly Channel<CriuResponse> _incoming = Channel.CreateUnbounded<CriuResponse>();
    private readonly Task _receiving;

    private CriuWorker(ChildProcess process, SafeFileHandle socket)
    {
        Process = process;
        _socket = socket;
        _receiving = WaitingThreads.RunAsync("criu", Receive);
    }

    public ChildProcess Process { get; }

    /// <summary>Our end; <see cref="ResumeGuard"/> keeps a duplicate of it.</summary>
    public SafeFileHandle Socket => _socket;

    public static CriuWorker Start(CriuInstallation criu, IReadOnlyList<SafeFileHandle> inherited)
    {
        var (ours, theirs) = SocketNative.Pair();
        using var closing = theirs;
        using var nothing = FileDescriptor.Open("/dev/null", 2);
        var descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = nothing, [2] = nothing, [SocketFd] = theirs };
        for (var i = 0; i < inherited.Count; i++)
            descriptors[FirstInherited + i] = inherited[i];
        try
        {
            var process = ProcessSpawner.Spawn(new SpawnRequest
            {
                Path = criu.Path,
                Arguments = ["criu", "swrk", "3"],
                Environment = CriuInstallation.ProgramEnvironment,
                Directory = "/",
                Descriptors = descriptors,
                NewSession = true,
                NewKeyring = true,
            });
            return new CriuWorker(process, ours);
        }
        catch (KernelException e)
        {
            ours.Dispose();
            throw criu.CannotStart(e);
        }
    }

    /// <summary>
    /// Sends the request and returns CRIU's last word on it. Notifications in between are put to <paramref name="onNotification"/>, whose
    /// answer goes back. Null when CRIU ended without a last word.
    /// </summary>
    public async Task<CriuResponse?> AskAsync(ProtoWriter request, Func<CriuResponse, ValueTask<bool>> onNotification)
    {
        SocketNative.Send(_socket, request.Written);
        await foreach (var message in _incoming.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (message.Type != CriuRequestType.Notify)
                return message;
            SocketNative.Send(_socket, CriuRequest.Answer(await onNotification(message).ConfigureAwait(false)).Written);
        }

        return null;
    }

    /// <summary>Ends the conversation and waits until CRIU has ended; kills it when it does not end within a few seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        // Reading end-of-file CRIU gives up by itself, which leaves the tasks intact: killing it is the last resort.
        SocketNative.ShutDown(_socket);
        try
        {
            await Process.WaitAsync().WaitAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Process.Signal(9);
            await Process.WaitAsync().ConfigureAwait(false);
        }

        await _receiving.ConfigureAwait(false);
        while (_incoming.Reader.TryRead(out var unread))
            unread.Descriptor?.Dispose();
        _socket.Dispose();
        Process.Dispose();
    }

    private void Receive()
    {
        var buffer = new byte[LargestMessage];
        while (true)
        {
            var count = SocketNative.Receive(_socket, buffer, out var descriptor);
            if (count == 0)
                break;
            if (CriuResponse.Parse(buffer.AsSpan(0, count), descriptor) is { } response)
                _incoming.Writer.TryWrite(response);
            else
                descriptor?.Dispose();
        }

        _incoming.Writer.Complete();
    }
}
