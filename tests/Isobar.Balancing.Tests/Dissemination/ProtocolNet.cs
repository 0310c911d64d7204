using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Dissemination;

/// <summary>A small cluster of one protocol with instant delivery: rounds of publish, tick in random order, deliver.</summary>
internal sealed class ProtocolNet
{
    private readonly Queue<(NodeId From, NodeId To, MessageKind Kind, LoadEntry[] Entries)> _wire = new();
    private readonly int[] _order;
    private RandomSource _random = new(12345);
    private uint _sequence;

    public ProtocolNet(int nodes, string policy, int groupSize = int.MaxValue, params (string Name, double Value)[] parameters)
    {
        Roster = new RangeRoster(nodes, groupSize);
        DisseminationFactory create = Policies.Dissemination.Bind(policy, "test", parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)));
        Nodes = [.. Enumerable.Range(0, nodes).Select(i => create(new NodeId(i), Roster))];
        Ready = new float[nodes];
        Flags = new NodeFlags[nodes];
        _order = [.. Enumerable.Range(0, nodes)];
        Down = [];
    }

    public RangeRoster Roster { get; }

    public DisseminationProtocol[] Nodes { get; }

    public float[] Ready { get; }

    public NodeFlags[] Flags { get; }

    public HashSet<int> Down { get; }

    public Instant Now { get; set; } = Instant.FromSeconds(1000);

    public int Messages { get; private set; }

    public long Bytes { get; private set; }

    public List<(NodeId From, NodeId To, MessageKind Kind, int Entries)> Log { get; } = [];

    public void Round(double seconds)
    {
        Now += seconds;
        _sequence++;
        for (int i = _order.Length - 1; i > 0; i--)
        {
            int j = _random.NextInt(i + 1);
            (_order[i], _order[j]) = (_order[j], _order[i]);
        }

        foreach (int i in _order)
        {
            if (!Down.Contains(i))
                Nodes[i].Publish(Entry(i));
        }

        // All send before anything arrives: the synchronous steps of the formulas.
        foreach (int i in _order)
        {
            if (!Down.Contains(i))
                Nodes[i].OnTick(Now, ref _random, new Outbox(this, new NodeId(i)));
        }

        Deliver();
    }

    public void Deliver()
    {
        while (_wire.TryDequeue(out var message))
        {
            if (Down.Contains(message.To.Value))
                continue;
            Nodes[message.To.Value].OnMessage(
                Now, message.From, new LoadMessage(message.Kind, message.Entries), ref _random, new Outbox(this, message.To));
        }
    }

    public LoadEntry Entry(int node) => new()
    {
        Node = new NodeId(node),
        Incarnation = 1,
        Sequence = _sequence,
        Stamp = Now,
        Load = Ready[node],
        Ready = Ready[node],
        Flags = Flags[node],
        Cores = 1,
        Speed = 1,
        SlowestSpeed = 1,
        Capacity = 1,
    };

    /// <summary>Mean age over all pairs that are known, and the mean of each node's oldest entry.</summary>
    public (double Mean, double Max, double Known) Ages()
    {
        double sum = 0;
        double max = 0;
        int count = 0;
        foreach (DisseminationProtocol node in Nodes)
        {
            double oldest = 0;
            foreach (LoadEntry entry in node.View.Entries)
            {
                sum += entry.Age(Now);
                oldest = Math.Max(oldest, entry.Age(Now));
                count++;
            }

            max += oldest;
        }

        return (sum / count, max / Nodes.Length, (double)count / (Nodes.Length * (Nodes.Length - 1)));
    }

    private sealed class Outbox(ProtocolNet net, NodeId from) : IOutbox
    {
        public void Send(NodeId target, in LoadMessage message)
        {
            Assert.NotEqual(from, target);
            net.Messages++;
            net.Bytes += message.EncodedSize;
            net.Log.Add((from, target, message.Kind, message.Entries.Length));
            net._wire.Enqueue((from, target, message.Kind, message.Entries.ToArray()));
        }
    }
}
