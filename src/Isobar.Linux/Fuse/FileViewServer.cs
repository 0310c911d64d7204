using Isobar.Linux.Fuse.Home;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Wire;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse;

/// <summary>
/// The home's side of file views: executes what guests' kernels ask on this machine's real files, with the credentials of one job's user. Sessions (known
/// and open files) live here and survive their connections, so that a cut cable is a pause to a job and no error.
/// </summary>
public sealed class FileViewServer : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, HomeSession> _sessions = [];
    private readonly string _root;
    private readonly FileCredentials _credentials;
    private readonly FileViewServerOptions _options;
    private ulong _oldestIncarnation;
    private bool _disposed;

    /// <param name="root">Directory that guests see as their root; everything mounted below it is served too.</param>
    /// <param name="credentials">The job's user.</param>
    /// <param name="options">Limits; the defaults suit a job.</param>
    public FileViewServer(string root, FileCredentials credentials, FileViewServerOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArgumentNullException.ThrowIfNull(credentials);
        WaitingThreads.PreparePosts();
        _root = root;
        _credentials = credentials;
        _options = options ?? new FileViewServerOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.WorkersPerConnection, 1);
        var limit = (long)Math.Min(RaiseOpenFileLimit(), int.MaxValue);
        if (_options.KnownFileDescriptors > limit / 4)
            _options = _options with { KnownFileDescriptors = (int)(limit / 4) };
    }

    /// <summary>Raises this process's soft limit of open files to the hard one, since each file that a guest knows costs a descriptor here; returns the limit.</summary>
    public static ulong RaiseOpenFileLimit() => MountCalls.RaiseOpenFileLimit();

    /// <summary>Descriptors for files that guests know and have not necessarily open, over all sessions.</summary>
    public int KnownFileDescriptors
    {
        get
        {
            lock (_gate)
                return _sessions.Values.Sum(session => session.Tree.Inodes.Descriptors);
        }
    }

    /// <summary>Files known to guests and files open, over all sessions.</summary>
    public (int Known, int Open) FileCounts
    {
        get
        {
            lock (_gate)
                return (_sessions.Values.Sum(session => session.Tree.Inodes.Count), _sessions.Values.Sum(session => session.Tree.Files.Count));
        }
    }

    /// <summary>
    /// Serves one connection until it ends, by either side or by <paramref name="cancellation"/>; the stream is disposed then, the session stays. A stream of a socket on which no
    /// asynchronous operation was done yet is the fastest, since .NET then blocks in the kernel instead of in its event loop.
    /// </summary>
    /// <exception cref="FileViewException">This process may not act as the job's user, or the root is no directory.</exception>
    public async Task ServeAsync(Stream stream, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var cut = cancellation.Register(stream.Dispose);
        using var patience = new CancellationTokenSource(_options.GreetingTime);
        HomeConnection? connection;
        using (patience.Token.Register(stream.Dispose))
            connection = await WaitingThreads.RunAsync("files greeting", () => Greet(stream)).ConfigureAwait(false);
        if (connection is null)
            return;
        using var abort = cancellation.Register(connection.Abort);
        await connection.Ended.ConfigureAwait(false);
    }

    /// <summary>
    /// Refuses every session of an incarnation older than <paramref name="incarnation"/> from now on. When the task is done, no request of an older one is under way
    /// any more: the fence of the data path.
    /// </summary>
    public async Task FenceAsync(ulong incarnation)
    {
        List<HomeSession> old;
        lock (_gate)
        {
            _oldestIncarnation = Math.Max(_oldestIncarnation, incarnation);
            old = [.. _sessions.Values.Where(session => session.Incarnation < _oldestIncarnation)];
        }

        await EndAsync(old).ConfigureAwait(false);
    }

    /// <summary>Ends all sessions; their open files are closed.</summary>
    public async ValueTask DisposeAsync()
    {
        List<HomeSession> all;
        lock (_gate)
        {
            _disposed = true;
            all = [.. _sessions.Values];
        }

        await EndAsync(all).ConfigureAwait(false);
    }

    private async Task EndAsync(List<HomeSession> sessions)
    {
        foreach (var session in sessions)
            session.Close();
        foreach (var session in sessions)
        {
            await session.Ended.ConfigureAwait(false);
            Remove(session);
        }
    }

    private void Remove(HomeSession session)
    {
        lock (_gate)
            _sessions.Remove(session.Id);
    }

    /// <summary>Hears who connects and starts to serve him; null if he is refused or does not speak.</summary>
    private HomeConnection? Greet(Stream stream)
    {
        try
        {
            var greeting = StreamStructs.Read<Greeting>(stream);
            if (greeting.Magic != Greeting.ExpectedMagic)
                return Refuse(stream, GreetingStatus.OtherProtocol);
            var status = Admit(greeting, out var session);
            if (session is null)
                return Refuse(stream, status);

            var kind = (ChannelKind)greeting.Channel;
            var connection = new HomeConnection(stream, session, kind, _credentials, _options.WorkersPerConnection);

            session.Channel(kind).TakeOver(connection, received => StreamStructs.Write(stream, new GreetingReply
            {
                Magic = Greeting.ExpectedMagic,
                Status = GreetingStatus.Welcome,
                ManyUsers = _credentials.IsRoot ? 1u : 0,
                Received = received,
            }));

            // A session that was closed meanwhile did not know this connection and could not cut it.
            if (session.IsClosing)
                connection.Abort();
            connection.Start();
            return connection;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException)
        {
            stream.Dispose();
            return null;
        }
    }

    private static HomeConnection? Refuse(Stream stream, GreetingStatus status)
    {
        StreamStructs.Write(stream, new GreetingReply { Magic = Greeting.ExpectedMagic, Status = status });
        stream.Dispose();
        return null;
    }

    private GreetingStatus Admit(in Greeting greeting, out HomeSession? session)
    {
        lock (_gate)
        {
            session = null;
            if (greeting.Version != Greeting.ExpectedVersion || greeting.Channel > (uint)ChannelKind.Bulk)
                return GreetingStatus.OtherProtocol;
            if (greeting.Incarnation < _oldestIncarnation)
                return GreetingStatus.OldIncarnation;
            if (_sessions.TryGetValue(greeting.Session, out session))
                return GreetingStatus.Welcome;
            if (greeting.Resumes != 0 || _disposed)
                return GreetingStatus.UnknownSession;
            if (_sessions.Count >= _options.SessionLimit)
                return GreetingStatus.TooManySessions;
            session = new HomeSession(greeting.Session, greeting.Incarnation, ServedTree.Open(_root, _options, _credentials.IsRoot));
            _sessions.Add(session.Id, session);
            _ = ForgetWhenEndedAsync(session);
            return GreetingStatus.Welcome;
        }
    }

    private async Task ForgetWhenEndedAsync(HomeSession session)
    {
        await session.Ended.ConfigureAwait(false);
        Remove(session);
    }
}
