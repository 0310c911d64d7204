using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Node.Gossip;
using Isobar.Node.Load;

namespace Isobar.Node.Policies;

/// <content>Load that rides on messages which flow anyway, for dissemination stages that let it (piggyback).</content>
internal sealed partial class LivePolicies
{
    private const int MostRiders = 16;

    private readonly LoadEntry[] _riders = new LoadEntry[MostRiders];

    /// <summary>What rode, for <c>isobar nodes --age</c>.</summary>
    public RideMeter Riding { get; } = new();

    /// <summary>What shall ride on a message to this node; null = nothing.</summary>
    public byte[]? GetOn(string node)
    {
        lock (_gate)
        {
            if (_set is not { } set || set.Numbers.NumberOf(node) is not { IsNone: false } peer)
                return null;
            var count = set.Protocol.Attach(MachineLoad.Now, peer, _riders);
            if (count == 0)
                return null;
            var bytes = new byte[LoadMessageCodec.SizeOf(count)];
            LoadMessageCodec.Encode(new LoadMessage(MessageKind.Push, _riders.AsSpan(0, count)), MachineLoad.Now, bytes);
            Riding.OnSent(count, bytes.Length);
            return bytes;
        }
    }

    /// <summary>What rode here on a message of this node; the connection has proved who it is.</summary>
    /// <returns>Whether it could be read.</returns>
    public bool GetOff(string node, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_set is not { } set || set.Numbers.NumberOf(node) is not { IsNone: false } peer)
                return false;
            Span<LoadEntry> entries = new LoadEntry[MostRiders];
            if (!LoadMessageCodec.TryDecode(bytes, MachineLoad.Now, entries, out _, out var count))
                return false;
            Riding.OnReceived(count);
            set.Protocol.OnAttached(MachineLoad.Now, peer, entries[..count]);
            return true;
        }
    }

    /// <summary>How old a member's own news is; null = none came, or it is believed dead.</summary>
    public TimeSpan? NewsAge(string node)
    {
        lock (_gate)
        {
            return _set is { } set && set.Protocol.View.TryGet(set.Numbers.NumberOf(node), out var entry) && (entry.Flags & NodeFlags.Dead) == 0
                ? TimeSpan.FromSeconds(Math.Max(0, entry.Age(MachineLoad.Now)))
                : null;
        }
    }
}
