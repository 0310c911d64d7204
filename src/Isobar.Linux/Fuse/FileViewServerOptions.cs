namespace Isobar.Linux.Fuse;

/// <summary>How a home serves its files.</summary>
public sealed record FileViewServerOptions
{
    /// <summary>
    /// How long a guest may believe names and attributes without asking again. Default 1 s, as NFS and sshfs choose of that order; contents are checked at each open
    /// whatever this is.
    /// </summary>
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Most threads that execute requests of one connection, 1 or more. They start as they are needed. Default 16.</summary>
    public int WorkersPerConnection { get; init; } = 16;

    /// <summary>
    /// Most descriptors of one session for files that the guest knows and has not open; at most a quarter of the process's limit of open files. Files beyond it are named by file handles,
    /// which cost a little more to use again. Default 16384.
    /// </summary>
    public int KnownFileDescriptors { get; init; } = 16384;

    /// <summary>Most sessions at a time (one for each machine that shows the job's files; two during a move). Default 8.</summary>
    public int SessionLimit { get; init; } = 8;

    /// <summary>How long a new connection may take to say who it is. Default 10 s.</summary>
    public TimeSpan GreetingTime { get; init; } = TimeSpan.FromSeconds(10);
}
