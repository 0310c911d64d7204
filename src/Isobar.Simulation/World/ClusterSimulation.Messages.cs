using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Simulation.World;

/// <content>Load messages and control messages on the wire.</content>
public sealed partial class ClusterSimulation : IOutbox
{
    /// <summary>Headers of IP and UDP.</summary>
    private const int DatagramHeaders = 28;

    private const int AttachedEntries = 3;

    private readonly MessagePool _messages = new();
    private readonly LoadEntry[] _attached = new LoadEntry[AttachedEntries];
    private SimulatedNode _sender = null!;

    // Partitions at present: without one the receiver's state, far away in memory, need not be looked at.
    private int _cuts;

    /// <summary>A protocol's datagram: counted at the sender, then lost or delivered after the latency.</summary>
    void IOutbox.Send(NodeId to, in LoadMessage message)
    {
        _sender.MessagesSent++;
        _sender.BytesSent += message.EncodedSize + DatagramHeaders;
        _recorder.LoadMessages++;
        _recorder.LoadBytes += message.EncodedSize + DatagramHeaders;
        if ((uint)to.Value >= (uint)_nodes.Length || (_cuts > 0 && _nodes[to.Value].Side != _sender.Side))
            return;

        if (_scenario.Topology.Loss > 0 && _lossLaw.NextDouble() < _scenario.Topology.Loss)
            return;

        var slot = _messages.Put(_sender.Index, message.Kind, message.Entries);
        _queue.Post(_now + _scenario.Topology.LatencyBetween(_sender.Index, to.Value), Deliver, to.Value, slot);
    }

    private void TickNode(SimulatedNode node)
    {
        if (!node.IsUp)
            return;

        _sender = node;
        node.Protocol.OnTick(Instant.FromSeconds(_now), ref node.Random, this);
    }

    private void DeliverMessage(SimulatedNode node, int slot)
    {
        if (node.IsUp)
        {
            _sender = node;
            var message = _messages.Message(slot);
            node.Protocol.OnMessage(Instant.FromSeconds(_now), new NodeId(_messages.From(slot)), in message, ref node.Random, this);
        }

        _messages.Release(slot);
        if (_profile.Settings.OnNews && node.ProcessCount > 0)
            Decide(node, Trigger.News);
    }

    /// <summary>A control message on an open connection; load entries may ride on it.</summary>
    private void SendControl(SimulatedNode from, SimulatedNode to)
    {
        from.MessagesSent++;
        from.BytesSent += ControlBytes;
        if (!to.IsUp || from.Side != to.Side)
            return;

        var now = Instant.FromSeconds(_now);
        var count = from.Protocol.Attach(now, to.Id, _attached);
        if (count == 0)
            return;

        from.BytesSent += count * LoadMessageCodec.EntrySize;
        _recorder.LoadBytes += count * LoadMessageCodec.EntrySize;
        _recorder.AttachedEntries += count;
        to.Protocol.OnAttached(now, from.Id, _attached.AsSpan(0, count));
    }
}
