using Isobar.Linux.Fuse.Native;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>One open file of each of the home's mounts: open_by_handle_at wants one that is not O_PATH.</summary>
internal sealed class MountTable : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, SafeFileHandle> _mounts = [];

    /// <summary>Whether files of this one's mount can be opened again; opens the file as the mount's witness if there is none yet and it can be one.</summary>
    public bool Knows(Inode inode, WorkerIdentity identity)
    {
        lock (_gate)
        {
            if (_mounts.ContainsKey(inode.Key.Mount))
                return true;
            if (inode.Key.Mount == 0 || inode.Kind is not (FileKind.Directory or FileKind.Regular) || !inode.TryHold(_ => null))
                return false;
            try
            {
                using var link = new DescriptorLink(inode.Path);
                var opened = identity.WithReadSearch(link, static link =>
                    FileCalls.OpenAt(OpenFlags.AtCurrentDirectory, link.Path, OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.CloseOnExec, 0));
                if (opened < 0)
                    return false;
                _mounts.Add(inode.Key.Mount, new SafeFileHandle(opened, ownsHandle: true));
                return true;
            }
            finally
            {
                inode.Release();
            }
        }
    }

    /// <summary>Opens a file again; null if it is gone.</summary>
    public SafeFileHandle? Reopen(ulong mount, FileIdentity file, WorkerIdentity identity)
    {
        SafeFileHandle? witness;
        lock (_gate)
            witness = _mounts.GetValueOrDefault(mount);
        return witness is null ? null : identity.WithReadSearch((file, witness), static pair => pair.file.Open(pair.witness));
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var mount in _mounts.Values)
                mount.Dispose();
            _mounts.Clear();
        }
    }
}
