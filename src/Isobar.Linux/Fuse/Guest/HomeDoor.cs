using Isobar.Linux.Fuse.Wire;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>Makes connections to home for one session and hears whether they are welcome.</summary>
internal sealed class HomeDoor(Guid session, Func<CancellationToken, ValueTask<Stream>> connect, FileViewMountOptions options)
{
    /// <summary>Connects and greets once.</summary>
    /// <param name="kind">What the connection is for.</param>
    /// <param name="resumes">Whether home must know the session already.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="FileViewRefusedException">Home does not want this session.</exception>
    public async Task<(Stream Stream, GreetingReply Reply)> KnockAsync(ChannelKind kind, bool resumes, CancellationToken cancellation) =>
        await KnockAsync(ConnectAsync(cancellation), kind, resumes, cancellation).ConfigureAwait(false);

    /// <summary>Only connects: the home knows a session from its first greeting on, but other connections need not wait for that to be made.</summary>
    public Task<Stream> ConnectAsync(CancellationToken cancellation) => connect(cancellation).AsTask();

    /// <summary>Greets on a connection that is being made.</summary>
    public async Task<(Stream Stream, GreetingReply Reply)> KnockAsync(Task<Stream> connecting, ChannelKind kind, bool resumes, CancellationToken cancellation)
    {
        var stream = await connecting.ConfigureAwait(false);
        try
        {
            using (cancellation.Register(stream.Dispose))
                return (stream, await GreetAsync(stream, kind, resumes).ConfigureAwait(false));
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private Task<GreetingReply> GreetAsync(Stream stream, ChannelKind kind, bool resumes) =>
        WaitingThreads.RunAsync("files greeting", () => Greet(stream, kind, resumes));

    private GreetingReply Greet(Stream stream, ChannelKind kind, bool resumes)
    {
        StreamStructs.Write(stream, new Greeting
        {
            Magic = Greeting.ExpectedMagic,
            Version = Greeting.ExpectedVersion,
            Channel = (uint)kind,
            Session = session,
            Incarnation = options.Incarnation,
            Resumes = resumes ? 1u : 0,
        });
        var reply = StreamStructs.Read<GreetingReply>(stream);
        if (reply.Magic != Greeting.ExpectedMagic)
            throw new FileViewRefusedException("What answers at the home's address does not speak the file view's protocol; check the address and the version there.");
        return reply.Status switch
        {
            GreetingStatus.Welcome => reply,
            GreetingStatus.UnknownSession => throw new FileViewRefusedException(
                "The home no longer knows this view's open files, since its process ended; the job cannot go on here."),
            GreetingStatus.OldIncarnation => throw new FileViewRefusedException(
                "The home serves a newer incarnation of this job; this one must end."),
            GreetingStatus.TooManySessions => throw new FileViewRefusedException(
                "The home serves this job's files to too many machines already; end one of them."),
            _ => throw new FileViewRefusedException("The home speaks another version of the file view's protocol; install the same version on both machines."),
        };
    }
}
