using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>The files that the guest's kernel knows. Node ids are given once and never again, so an answer to a stale one cannot hit another file.</summary>
internal sealed class InodeTable : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Inode> _byNode = [];
    private readonly Dictionary<InodeKey, Inode> _byKey = [];
    private ulong _lastNode = FuseBits.RootNode;

    public InodeTable(SafeFileHandle root, in Statx attributes)
    {
        Root = new Inode(FuseBits.RootNode, KeyOf(attributes), attributes.Kind, root) { Lookups = 1 };
        _byNode.Add(Root.NodeId, Root);
        _byKey.Add(Root.Key, Root);
    }

    public Inode Root { get; }

    public int Count
    {
        get
        {
            lock (_gate)
                return _byNode.Count;
        }
    }

    public Inode? Find(ulong nodeId)
    {
        lock (_gate)
            return _byNode.GetValueOrDefault(nodeId);
    }

    /// <summary>Counts one more reference of the guest to a file; <paramref name="found"/> is kept or closed.</summary>
    public Inode Enter(SafeFileHandle found, in Statx attributes)
    {
        var key = KeyOf(attributes);
        Inode? inode;
        lock (_gate)
        {
            if (!_byKey.TryGetValue(key, out inode))
            {
                inode = new Inode(++_lastNode, key, attributes.Kind, found) { Lookups = 1 };
                _byKey.Add(key, inode);
                _byNode.Add(inode.NodeId, inode);
                return inode;
            }

            inode.Lookups++;
        }

        found.Dispose();
        return inode;
    }

    /// <summary>Takes back references; with the last one the descriptor is closed.</summary>
    public void Forget(ulong nodeId, ulong lookups)
    {
        Inode? inode;
        lock (_gate)
        {
            if (nodeId == FuseBits.RootNode || !_byNode.TryGetValue(nodeId, out inode))
                return;
            inode.Lookups -= Math.Min(lookups, inode.Lookups);
            if (inode.Lookups > 0)
                return;
            _byNode.Remove(nodeId);
            _byKey.Remove(inode.Key);
        }

        inode.Path.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var inode in _byNode.Values)
                inode.Path.Dispose();
            _byNode.Clear();
            _byKey.Clear();
        }
    }

    private static InodeKey KeyOf(in Statx attributes) =>
        new((attributes.Mask & Statx.MountIdentity) != 0 ? attributes.MountId : 0, attributes.Device, attributes.Ino);
}
