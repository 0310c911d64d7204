using Isobar.Linux.Fuse.Wire;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>Keeps one channel connected: connects, says who it is, listens, and begins again.</summary>
internal sealed class HomeLink(GuestChannel channel, ChannelKind kind, HomeDoor door, FileViewMountOptions options)
{
    private long _connections;

    public long Reconnections => Math.Max(0, Interlocked.Read(ref _connections) - 1);

    /// <summary>Serves until cancelled or refused, beginning with a connection that has been made.</summary>
    /// <exception cref="FileViewRefusedException">Home does not want this session any more.</exception>
    public async Task RunAsync(Task<(Stream Stream, GreetingReply Reply)> made, CancellationToken cancellation)
    {
        var first = made;
        var pause = options.ShortestPause;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var knocking = first ?? door.KnockAsync(kind, resumes: true, cancellation);
                first = null;
                var (stream, reply) = await knocking.ConfigureAwait(false);
                Interlocked.Increment(ref _connections);
                pause = options.ShortestPause;
                await ServeAsync(stream, reply.Received, cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is not FileViewRefusedException && !cancellation.IsCancellationRequested)
            {
                // Whatever else goes wrong (no route, a refused port, a broken handshake) may be over in a moment; the job waits.
                await Task.Delay(pause, options.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < options.LongestPause ? pause * 2 : options.LongestPause;
            }
            catch (Exception) when (cancellation.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private static Task OnOwnThread(Action work) =>
        WaitingThreads.RunAsync("files replies", work);

    private async Task ServeAsync(Stream stream, ulong received, CancellationToken cancellation)
    {
        using var cut = cancellation.Register(stream.Dispose);
        var receiving = OnOwnThread(() => channel.Receive(stream));
        try
        {
            // Replies must be taken while old requests are sent again, or both ends could wait for each other with full connections.
            await OnOwnThread(() => channel.Attach(stream, received)).ConfigureAwait(false);
            await WatchAsync(receiving, cancellation).ConfigureAwait(false);
        }
        finally
        {
            channel.Detach(stream);
            await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits for the end of the connection, and brings it about when home is silent for too long.</summary>
    private async Task WatchAsync(Task receiving, CancellationToken cancellation)
    {
        var (heard, silent) = (channel.Heard, 0);
        while (!receiving.IsCompleted)
        {
            await Task.WhenAny(receiving, Task.Delay(options.SignOfLife, options.Time, cancellation)).ConfigureAwait(false);
            if (receiving.IsCompleted || cancellation.IsCancellationRequested)
                break;
            silent = channel.Heard == heard ? silent + 1 : 0;
            heard = channel.Heard;
            if (silent >= 3)
                throw new IOException("The home has not been heard of for three signs of life.");
            _ = OnOwnThread(channel.AskForSign);
        }
    }
}
