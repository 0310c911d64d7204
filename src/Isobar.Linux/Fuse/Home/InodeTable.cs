using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>
/// The files that the guest's kernel knows. Node ids are given once and never again, so an answer to a stale one cannot hit another file. Descriptors
/// beyond a limit are closed by the clock algorithm (second chance).
/// </summary>
internal sealed class InodeTable : IDisposable
{
    /// <summary>Files looked at in one go when there are too many descriptors: bounds what one request pays.</summary>
    private const int TrimStep = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Inode> _byNode = [];
    private readonly Dictionary<InodeKey, Inode> _byKey = [];
    private readonly Queue<Inode> _clock = new();
    private readonly int _descriptorLimit;
    private readonly MountTable _mounts;
    private ulong _lastNode = FuseBits.RootNode;

    public InodeTable(SafeFileHandle root, in Statx attributes, int descriptorLimit)
    {
        _descriptorLimit = descriptorLimit;
        _mounts = new MountTable();
        Root = new Inode(FuseBits.RootNode, KeyOf(attributes), attributes.Kind, root) { Lookups = 1 };
        Root.HoldAlso();
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

    /// <summary>Files with an open descriptor.</summary>
    public int Descriptors
    {
        get
        {
            lock (_gate)
                return _clock.Count;
        }
    }

    /// <summary>Finds a file and keeps its descriptor open until <see cref="Inode.Release"/>; null if the guest does not know it or it is gone.</summary>
    public Inode? Hold(ulong nodeId, WorkerIdentity identity)
    {
        Inode? inode;
        lock (_gate)
            inode = _byNode.GetValueOrDefault(nodeId);
        if (inode is null)
            return null;
        var reopened = false;
        var held = inode.TryHold(known =>
        {
            reopened = true;
            return _mounts.Reopen(inode.Key.Mount, known, identity);
        });
        if (held && reopened)
        {
            lock (_gate)
                _clock.Enqueue(inode);
        }

        return held ? inode : null;
    }

    /// <summary>Counts one more reference of the guest to a file; <paramref name="found"/> is kept or closed.</summary>
    public Inode Enter(SafeFileHandle found, in Statx attributes)
    {
        var key = KeyOf(attributes);
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var known) && known.IsSame(found, out var kept))
            {
                known.Lookups++;
                if (kept)
                    _clock.Enqueue(known);
                else
                    found.Dispose();
                return known;
            }

            var inode = new Inode(++_lastNode, key, attributes.Kind, found) { Lookups = 1 };
            _byKey[key] = inode;
            _byNode.Add(inode.NodeId, inode);
            _clock.Enqueue(inode);
            return inode;
        }
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
            if (_byKey.GetValueOrDefault(inode.Key) == inode)
                _byKey.Remove(inode.Key);
        }

        inode.Close();
    }

    /// <summary>Closes descriptors that were not used for long, if there are too many. To be called by a worker that holds no file.</summary>
    public void Trim(WorkerIdentity identity)
    {
        for (var i = 0; i < TrimStep; i++)
        {
            Inode? inode;
            lock (_gate)
            {
                if (_clock.Count <= _descriptorLimit)
                    return;
                inode = _clock.Dequeue();
                if (_byNode.GetValueOrDefault(inode.NodeId) != inode)
                    continue;
            }

            // Without a descriptor of its mount it could not be opened again.
            if (!_mounts.Knows(inode, identity) || !inode.TryEvict())
            {
                lock (_gate)
                    _clock.Enqueue(inode);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var inode in _byNode.Values)
                inode.Close();
            _byNode.Clear();
            _byKey.Clear();
            _clock.Clear();
        }

        _mounts.Dispose();
    }

    private static InodeKey KeyOf(in Statx attributes) =>
        new((attributes.Mask & Statx.MountIdentity) != 0 ? attributes.MountId : 0, attributes.Device, attributes.Ino);
}
