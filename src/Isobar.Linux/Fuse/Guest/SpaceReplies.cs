using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>
/// What home said of the room where a file is (statfs(2)), believed for a second as names and attributes are: the kernel remembers these itself, but not that. CRIU asks for each file that it comes to, some
/// of them several times. Forgotten when something is changed from here.
/// </summary>
internal sealed class SpaceReplies(TimeProvider time)
{
    private const int Most = 256;
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, (byte[] Reply, long At)> _known = [];

    /// <summary>The same reply, if there is one that is new enough.</summary>
    public bool TryAnswer(KernelDevice device, in FuseRequestHeader request)
    {
        byte[] reply;
        lock (_gate)
        {
            if (!_known.TryGetValue(request.NodeId, out var known) || time.GetElapsedTime(known.At) > Believed)
                return false;
            reply = [.. known.Reply];
        }

        MemoryMarshal.AsRef<FuseReplyHeader>(reply.AsSpan()).Unique = request.Unique;
        device.Write(reply);
        return true;
    }

    public void Remember(ulong nodeId, ReadOnlySpan<byte> reply)
    {
        if (MemoryMarshal.Read<FuseReplyHeader>(reply).Error != 0)
            return;
        lock (_gate)
        {
            if (_known.Count >= Most)
                _known.Clear();
            _known[nodeId] = (reply.ToArray(), time.GetTimestamp());
        }
    }

    public void Forget()
    {
        lock (_gate)
            _known.Clear();
    }
}
