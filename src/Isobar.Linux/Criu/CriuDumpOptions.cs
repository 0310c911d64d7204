namespace Isobar.Linux.Criu;

/// <summary>How CRIU keeps packets from reaching the job's TCP sockets while it is frozen (values of criu_network_lock_method).</summary>
public enum NetworkLock
{
    /// <summary>By nftables through its library, which CRIU has built in.</summary>
    NfTables = 2,

    /// <summary>Not at all: for jobs without TCP, and where the caller drops the packets itself.</summary>
    Skip = 3,
}

/// <summary>What to dump and how.</summary>
public sealed record CriuDumpOptions
{
    /// <summary>First process of the job's PID namespace, by its number in ours.</summary>
    public required int InitPid { get; init; }

    /// <summary>An existing private directory, best on a tmpfs: the socket of the image streamer, CRIU's log and its statistics are made there.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>Allow temporary hard links for open files whose name is gone but whose inode still has one (named semaphores).</summary>
    public bool LinkRemap { get; init; } = true;

    /// <summary>Allow flock and fcntl locks.</summary>
    public bool FileLocks { get; init; } = true;

    /// <summary>Allow established TCP connections.</summary>
    public bool TcpEstablished { get; init; }

    public NetworkLock NetworkLock { get; init; } = NetworkLock.Skip;

    /// <summary>Largest unlinked file that is carried along, in bytes; CRIU's own default of 1 MiB is too small for temporary files. At most 4 GiB - 1.</summary>
    public uint GhostLimit { get; init; } = 1u << 30;

    /// <summary>CRIU's --external keys, such as "mnt[/dev]:dev".</summary>
    public IReadOnlyList<string> Externals { get; init; } = [];

    /// <summary>The job's terminal has its master outside of the job (at most one such terminal).</summary>
    public bool OrphanTerminal { get; init; }

    /// <summary>How long CRIU may try to stop all tasks; a task in uninterruptible sleep can make it fail. Whole seconds, at least one.</summary>
    public TimeSpan FreezeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The identity whose processes CRIU shall be allowed to ask for their limits without CAP_SYS_RESOURCE; null where it needs nobody's
    /// (<see cref="CriuIdentity"/>).
    /// </summary>
    public CriuIdentity? RealIdentity { get; init; }

    /// <summary>1 errors, 2 warnings, 3 informations, 4 everything (slow).</summary>
    public int LogLevel { get; init; } = 2;
}
