namespace Isobar.Linux.Criu.Rpc;

/// <summary>criu_req_type of CRIU's images/rpc.proto.</summary>
internal enum CriuRequestType
{
    Empty = 0,
    Dump = 1,
    Restore = 2,
    Check = 3,
    Notify = 6,
    FeatureCheck = 9,
    Version = 10,
}

/// <summary>Encodes criu_req. Field numbers: images/rpc.proto of CRIU 4.2.</summary>
internal static class CriuRequest
{
    private const int IgnoreCgroups = 0;

    public static ProtoWriter Version() => Plain(CriuRequestType.Version);

    public static ProtoWriter Check() => Plain(CriuRequestType.Check);

    public static ProtoWriter Features() => Plain(CriuRequestType.FeatureCheck).Message(5, new ProtoWriter().Flag(2, true).Flag(3, true));

    /// <summary>The answer to a notification; a negative one makes CRIU give up where it heeds the answer.</summary>
    public static ProtoWriter Answer(bool success) => Plain(CriuRequestType.Notify).Number(3, success ? 1 : 0);

    public static ProtoWriter Restore(CriuRestoreOptions options, int imageDirectoryFd, int workDirectoryFd, IReadOnlyList<(string Key, int Fd)> inherited)
    {
        var opts = Common(imageDirectoryFd, workDirectoryFd, "restore.log", options.LogLevel)
            .Text(13, options.Root)
            .Flag(5, options.TcpEstablished)
            .Flag(8, options.FileLocks)
            .Flag(16, options.AutoDedup)
            .Flag(18, options.LinkRemap)
            .Number(26, 1)
            .Number(64, (int)options.NetworkLock)
            .Flag(50, options.OrphanTerminal);
        foreach (var external in options.Externals)
            opts.Text(37, external);
        foreach (var (key, fd) in inherited)
            opts.Message(27, new ProtoWriter().Text(1, key).Number(2, fd));
        return Plain(CriuRequestType.Restore).Message(2, opts);
    }

    // Directories go by descriptor: CRIU then names them /proc/PID/fd/N, which always fits into a socket's address (108 bytes).
    private static ProtoWriter Common(int imageDirectoryFd, int workDirectoryFd, string log, int logLevel)
        => new ProtoWriter()
            .Number(1, imageDirectoryFd)
            .Number(17, workDirectoryFd)
            .Text(10, log)
            .Number(9, logLevel)
            .Flag(12, true)
            .Number(34, IgnoreCgroups);

    private static ProtoWriter Plain(CriuRequestType type) => new ProtoWriter().Number(1, (int)type);
}
