namespace Isobar.Simulation.Networks;

/// <summary>
/// Bulk transfers (process images) that contend for links. Every node has an uplink and a downlink of its own; every cluster has an uplink
/// and a downlink to the wide-area network. Active flows share links max-min fairly (progressive filling: the fluid limit of long TCP flows
/// with equal round-trip times), recomputed only when a flow begins or ends: exact between those moments.
/// </summary>
public sealed class FlowNetwork
{
    private readonly Topology _topology;
    private readonly List<Flow> _flows = [];
    private readonly Dictionary<int, Link> _links = [];
    private double _now;

    public FlowNetwork(Topology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        _topology = topology;
    }

    /// <summary>Flows under way.</summary>
    public int Count => _flows.Count;

    /// <summary>When the first flow will end if none begins; positive infinity when there is none.</summary>
    public double FirstFinish
    {
        get
        {
            var first = double.PositiveInfinity;
            foreach (var flow in _flows)
                first = Math.Min(first, _now + flow.Left / flow.Rate);

            return first;
        }
    }

    /// <summary>Begins a transfer of so many bytes; the tag comes back when it has ended.</summary>
    public void Begin(double now, int from, int to, double bytes, int tag)
    {
        AdvanceTo(now);
        var flow = new Flow(tag, from, to, Math.Max(1, bytes));
        Attach(flow, Key(from, 0), _topology.NodeBandwidth);
        Attach(flow, Key(to, 1), _topology.NodeBandwidth);
        var (fromCluster, toCluster) = (_topology.ClusterOf(from), _topology.ClusterOf(to));
        if (fromCluster != toCluster)
        {
            Attach(flow, Key(fromCluster, 2), _topology.ClusterBandwidth);
            Attach(flow, Key(toCluster, 3), _topology.ClusterBandwidth);
        }

        _flows.Add(flow);
        Share();
    }

    /// <summary>Ends the flows that are complete at that time; the tags are added to the list in the order in which they began.</summary>
    public void Finish(double now, List<int> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        AdvanceTo(now);
        var before = tags.Count;
        for (var i = 0; i < _flows.Count;)
        {
            // Half a byte of rounding is no reason to wait for another event.
            if (_flows[i].Left > 0.5)
            {
                i++;
                continue;
            }

            tags.Add(_flows[i].Tag);
            Detach(i);
        }

        if (tags.Count > before)
            Share();
    }

    /// <summary>Breaks the flows that a predicate over (from, to) names: a link was cut or a node died. Their tags are added to the list.</summary>
    public void Break(double now, Func<int, int, bool> isBroken, List<int> tags)
    {
        ArgumentNullException.ThrowIfNull(isBroken);
        ArgumentNullException.ThrowIfNull(tags);
        AdvanceTo(now);
        for (var i = _flows.Count - 1; i >= 0; i--)
        {
            if (!isBroken(_flows[i].From, _flows[i].To))
                continue;

            tags.Add(_flows[i].Tag);
            Detach(i);
        }

        Share();
    }

    private static int Key(int index, int kind) => index * 4 + kind;

    private void AdvanceTo(double now)
    {
        var elapsed = now - _now;
        if (elapsed > 0)
        {
            foreach (var flow in _flows)
                flow.Left -= flow.Rate * elapsed;
        }

        _now = Math.Max(_now, now);
    }

    private void Attach(Flow flow, int key, double capacity)
    {
        if (!_links.TryGetValue(key, out var link))
            _links[key] = link = new Link(capacity);

        link.Flows++;
        flow.Links.Add(key);
    }

    private void Detach(int index)
    {
        foreach (var key in _flows[index].Links)
        {
            if (--_links[key].Flows == 0)
                _links.Remove(key);
        }

        _flows.RemoveAt(index);
    }

    private void Share()
    {
        foreach (var link in _links.Values)
        {
            link.Left = link.Capacity;
            link.Open = link.Flows;
        }

        foreach (var flow in _flows)
            flow.Rate = 0;

        for (var open = _flows.Count; open > 0;)
        {
            var share = double.PositiveInfinity;
            foreach (var link in _links.Values)
            {
                if (link.Open > 0)
                    share = Math.Min(share, link.Left / link.Open);
            }

            foreach (var link in _links.Values)
                link.Tight = link.Open > 0 && link.Left / link.Open <= share * (1 + 1e-12);

            foreach (var flow in _flows)
            {
                if (flow.Rate > 0 || !flow.Links.Exists(key => _links[key].Tight))
                    continue;

                flow.Rate = share;
                open--;
                foreach (var key in flow.Links)
                {
                    _links[key].Left -= share;
                    _links[key].Open--;
                }
            }
        }
    }

    private sealed class Flow(int tag, int from, int to, double bytes)
    {
        public int Tag { get; } = tag;

        public int From { get; } = from;

        public int To { get; } = to;

        public double Left { get; set; } = bytes;

        public double Rate { get; set; }

        public List<int> Links { get; } = new(4);
    }

    private sealed class Link(double capacity)
    {
        public double Capacity { get; } = capacity;

        public int Flows { get; set; }

        public double Left { get; set; }

        public int Open { get; set; }

        public bool Tight { get; set; }
    }
}
