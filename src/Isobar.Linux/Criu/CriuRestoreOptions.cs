using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu;

/// <summary>What to restore and how.</summary>
public sealed record CriuRestoreOptions
{
    /// <summary>Directory with the image files (a tmpfs; they are consumed when <see cref="AutoDedup"/> is set).</summary>
    public required string ImageDirectory { get; init; }

    /// <summary>An existing private directory for CRIU's log and statistics.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>The mount point that becomes the job's root; null for the root of the calling mount namespace.</summary>
    public string? Root { get; init; }

    /// <summary>CRIU's --external keys, such as "mnt[dev]:/dev".</summary>
    public IReadOnlyList<string> Externals { get; init; } = [];

    /// <summary>New objects for old ones: the key is what /proc/PID/fd showed at the dump ("pipe:[12345]") or an external's name.</summary>
    public IReadOnlyDictionary<string, SafeFileHandle> InheritedDescriptors { get; init; } = new Dictionary<string, SafeFileHandle>();

    /// <summary>Free the memory of image pages as soon as they are restored, so that the job needs its memory once, not twice.</summary>
    public bool AutoDedup { get; init; } = true;

    public bool LinkRemap { get; init; } = true;

    public bool FileLocks { get; init; } = true;

    public bool TcpEstablished { get; init; }

    public NetworkLock NetworkLock { get; init; } = NetworkLock.Skip;

    /// <summary>As at the dump; the new master arrives in <see cref="CriuRestored.TerminalMaster"/>.</summary>
    public bool OrphanTerminal { get; init; }

    /// <summary>1 errors, 2 warnings, 3 informations, 4 everything (slow).</summary>
    public int LogLevel { get; init; } = 2;
}
