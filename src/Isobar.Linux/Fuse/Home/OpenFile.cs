using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>A file or directory that the job has open.</summary>
internal sealed class OpenFile(Inode inode, SafeFileHandle descriptor, bool appends) : IDisposable
{
    public Inode Inode => inode;

    public SafeFileHandle Descriptor => descriptor;

    /// <summary>Whether the descriptor itself was opened with O_APPEND.</summary>
    public bool Appends => appends;

    /// <summary>Guards <see cref="DirectoryPosition"/> and the position of the descriptor of a directory.</summary>
    public Lock DirectoryGate { get; } = new();

    /// <summary>Where the descriptor of a directory stands; negative if it must be set first.</summary>
    public long DirectoryPosition { get; set; }

    public void Dispose() => descriptor.Dispose();
}
