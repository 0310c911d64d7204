using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration;

/// <summary>What a central manager knows of one node.</summary>
public sealed class CentralNode
{
    /// <summary>Its entry; changed by the manager's own decisions until the next report.</summary>
    public LoadEntry Entry { get; set; }

    public NodeState State { get; set; }

    public List<JobInfo> Jobs { get; } = [];
}

/// <summary>
/// Makes any profile centralised: one manager asks the same rules for each node, the most loaded first, and lets each decision count before
/// the next, so that no herd forms. Every node has its own rules (their small state is a node's).
/// </summary>
public sealed class CentralConsideration
{
    private readonly Func<NodeId, RuleChain> _createRules;
    private readonly Dictionary<NodeId, RuleChain> _rules = [];
    private readonly Plan _scratch;
    private LoadEntry[] _others = [];
    private int[] _order = [];
    private float[] _keys = [];

    /// <param name="createRules">The profile's rules for a node.</param>
    /// <param name="explains">Whether plans tell why jobs stay.</param>
    public CentralConsideration(Func<NodeId, RuleChain> createRules, bool explains = false)
    {
        ArgumentNullException.ThrowIfNull(createRules);
        _createRules = createRules;
        _scratch = new Plan(explains);
    }

    public RuleChain RulesOf(NodeId node)
    {
        if (!_rules.TryGetValue(node, out RuleChain? rules))
            _rules[node] = rules = _createRules(node);
        return rules;
    }

    /// <summary>Considers all nodes; the plan holds the actions of all.</summary>
    public void Decide(
        Instant now, ReadOnlySpan<CentralNode> nodes, Roster roster, CostModel costs, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        plan.Clear();
        Order(nodes);
        for (int i = 0; i < nodes.Length; i++)
        {
            CentralNode node = nodes[_order[i]];
            LoadEntry self = node.Entry;
            NodeState state = node.State;
            ReadOnlySpan<LoadEntry> others = Others(nodes, _order[i]);
            var snapshot = new Snapshot(
                now, in self, in state, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(node.Jobs), others, costs, roster);
            RulesOf(self.Node).Decide(in snapshot, trigger, ref random, _scratch);
            foreach (ref readonly PlannedAction action in _scratch.Actions)
            {
                plan.Add(in action);
                if (action.Kind == ActionKind.Move)
                    Apply(in action, node, nodes, in snapshot);
            }

            foreach (Reason stay in _scratch.Stays)
                plan.Stay(in stay);
        }
    }

    /// <summary>Places a job that starts on a node, and lets it count at once.</summary>
    public Placement Place(
        Instant now, ReadOnlySpan<CentralNode> nodes, int index, in JobInfo job, Roster roster, CostModel costs, ref RandomSource random)
    {
        CentralNode node = nodes[index];
        LoadEntry self = node.Entry;
        NodeState state = node.State;
        var snapshot = new Snapshot(
            now, in self, in state, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(node.Jobs), Others(nodes, index), costs, roster);
        Placement placement = RulesOf(self.Node).Place(in snapshot, in job, ref random);
        foreach (CentralNode target in nodes)
        {
            if (target.Entry.Node == placement.Target)
                Shift(target, Math.Max(1, job.Tasks), job.ResidentBytes, in snapshot);
        }

        return placement;
    }

    private static void Apply(in PlannedAction action, CentralNode from, ReadOnlySpan<CentralNode> nodes, in Snapshot snapshot)
    {
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (job.Id != action.Job)
                continue;
            double tasks = Math.Max(1, job.Tasks);
            Shift(from, -tasks, -job.ResidentBytes, in snapshot);
            foreach (CentralNode node in nodes)
            {
                if (node.Entry.Node == action.To)
                    Shift(node, tasks, job.ResidentBytes, in snapshot);
            }
        }
    }

    private static void Shift(CentralNode node, double tasks, long bytes, in Snapshot snapshot)
    {
        LoadEntry entry = node.Entry;
        double one = snapshot.OneProcessOn(in entry);
        entry.Ready = (float)Math.Max(0, entry.Ready + tasks);
        entry.Load = (float)Math.Max(0, entry.Load + tasks * one);
        entry.FreeMemoryMiB = (uint)Math.Clamp((long)entry.FreeMemoryMiB - (bytes >> 20), 0, uint.MaxValue);
        node.Entry = entry;
        NodeState state = node.State;
        state.ReadyNow = Math.Max(0, state.ReadyNow + tasks);
        state.LocalLoad = Math.Max(0, state.LocalLoad + tasks * one);
        state.FreeMemoryBytes -= bytes;
        node.State = state;
    }

    private ReadOnlySpan<LoadEntry> Others(ReadOnlySpan<CentralNode> nodes, int without)
    {
        if (_others.Length < nodes.Length)
            _others = new LoadEntry[nodes.Length];
        int count = 0;
        for (int i = 0; i < nodes.Length; i++)
        {
            if (i != without)
                _others[count++] = nodes[i].Entry;
        }

        return _others.AsSpan(0, count);
    }

    private void Order(ReadOnlySpan<CentralNode> nodes)
    {
        if (_order.Length < nodes.Length)
        {
            _order = new int[nodes.Length];
            _keys = new float[nodes.Length];
        }

        for (int i = 0; i < nodes.Length; i++)
        {
            _order[i] = i;
            _keys[i] = -nodes[i].Entry.Load;
        }

        Array.Sort(_keys, _order, 0, nodes.Length);
    }
}
