using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>A file or directory that the job has open.</summary>
internal sealed class OpenFile : IDisposable
{
    /// <param name="inode">The file, which the caller holds; it stays held while it is open.</param>
    /// <param name="descriptor">Its descriptor, which becomes this one's.</param>
    /// <param name="appends">Whether that was opened with O_APPEND.</param>
    public OpenFile(Inode inode, SafeFileHandle descriptor, bool appends)
    {
        (Inode, Descriptor, Appends) = (inode, descriptor, appends);
        inode.HoldAlso();
    }

    public Inode Inode { get; }

    public SafeFileHandle Descriptor { get; }

    /// <summary>Whether the descriptor itself was opened with O_APPEND.</summary>
    public bool Appends { get; }

    /// <summary>Guards <see cref="DirectoryPosition"/> and the position of the descriptor of a directory.</summary>
    public Lock DirectoryGate { get; } = new();

    /// <summary>Where the descriptor of a directory stands; negative if it must be set first.</summary>
    public long DirectoryPosition { get; set; }

    /// <summary>To be called once.</summary>
    public void Dispose()
    {
        Descriptor.Dispose();
        Inode.Release();
    }
}
