using Isobar.Linux.Fuse.Native;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>
/// What makes two found files one. The mount belongs to it: a directory under two bind mounts may lead to different places, and the guest's kernel
/// allows a directory one name only.
/// </summary>
internal readonly record struct InodeKey(ulong Mount, ulong Device, ulong Ino);

/// <summary>A file that a guest's kernel knows, held by an O_PATH descriptor so that neither rename nor removal at home loses it.</summary>
internal sealed class Inode(ulong nodeId, InodeKey key, FileKind kind, SafeFileHandle path)
{
    private readonly Lock _gate = new();
    private FileVersion _sent;

    public ulong NodeId => nodeId;

    public InodeKey Key => key;

    public FileKind Kind => kind;

    public SafeFileHandle Path => path;

    /// <summary>References that the guest's kernel holds; guarded by the table.</summary>
    public ulong Lookups { get; set; }

    /// <summary>Remembers the state that the guest is being told.</summary>
    public void Sent(in Statx attributes)
    {
        var version = FileVersion.Of(attributes);
        lock (_gate)
            _sent = version;
    }

    /// <summary>Whether the file is surely as the guest was last told, so that its cached contents are good.</summary>
    public bool IsUnchanged(in Statx attributes)
    {
        lock (_gate)
            return _sent.Certain && _sent.Matches(attributes);
    }
}
