using Isobar.Linux.Fuse.Native;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>
/// What makes two found files one. The mount belongs to it: a directory under two bind mounts may lead to different places, and the guest's kernel
/// allows a directory one name only.
/// </summary>
internal readonly record struct InodeKey(ulong Mount, ulong Device, ulong Ino);

/// <summary>
/// A file that a guest's kernel knows, held by an O_PATH descriptor so that neither rename nor removal at home loses it. A guest may know millions of files, so
/// the descriptor of one that nobody uses may be closed and its <see cref="FileIdentity"/> kept instead.
/// </summary>
internal sealed class Inode(ulong nodeId, InodeKey key, FileKind kind, SafeFileHandle path)
{
    private readonly Lock _gate = new();
    private FileVersion _sent;
    private SafeFileHandle? _path = path;
    private FileIdentity? _identity;
    private int _users;
    private bool _recent = true;

    public ulong NodeId => nodeId;

    public InodeKey Key => key;

    public FileKind Kind => kind;

    /// <summary>The descriptor; only while the file is held.</summary>
    public SafeFileHandle Path => _path ?? throw new InvalidOperationException("A file was used that was not held.");

    /// <summary>References that the guest's kernel holds; guarded by the table.</summary>
    public ulong Lookups { get; set; }

    /// <summary>Keeps the descriptor open until <see cref="Release"/>, opening it again with <paramref name="reopen"/> if need be; false if the file is gone.</summary>
    public bool TryHold(Func<FileIdentity, SafeFileHandle?> reopen)
    {
        lock (_gate)
        {
            _path ??= _identity is null ? null : reopen(_identity);
            if (_path is null)
                return false;
            _recent = true;
            _users++;
            return true;
        }
    }

    public void Release()
    {
        lock (_gate)
            _users--;
    }

    /// <summary>Keeps the descriptor for one more user, besides one who holds it.</summary>
    public void HoldAlso()
    {
        lock (_gate)
            _users++;
    }

    /// <summary>
    /// The same file was found again. If this one's descriptor is closed, the new one takes its place (<paramref name="kept"/>), unless it is another file that got the number of one that
    /// is gone: then the answer is false.
    /// </summary>
    public bool IsSame(SafeFileHandle found, out bool kept)
    {
        lock (_gate)
        {
            kept = false;
            if (_path is not null)
                return true;
            if (_identity is null || !_identity.Names(found))
                return false;
            _path = found;
            _recent = true;
            kept = true;
            return true;
        }
    }

    /// <summary>Closes the descriptor if nobody has used it since the last try and it can be opened again; true if it did.</summary>
    public bool TryEvict()
    {
        lock (_gate)
        {
            if (_path is null || _users > 0)
                return false;
            if (_recent)
            {
                _recent = false;
                return false;
            }

            _identity ??= FileIdentity.Of(_path);
            if (_identity is null)
                return false;
            _path.Dispose();
            _path = null;
            return true;
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _path?.Dispose();
            _path = null;
            _identity = null;
        }
    }

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
