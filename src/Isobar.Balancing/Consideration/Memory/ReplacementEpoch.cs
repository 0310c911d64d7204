namespace Isobar.Balancing.Consideration.Memory;

/// <summary>
/// One epoch of GMS' page replacement [systems.md A10; roles found in course notes]: of all pages of all nodes the M oldest shall go in the epoch; w_i of them are
/// on node i. An evicted page older than the youngest of these is dropped; a younger one goes to node i with probability w_i / sum(w). The idlest
/// node has the largest w and starts the next epoch.
/// </summary>
public sealed class ReplacementEpoch
{
    private readonly int[] _weights;
    private int _left;

    /// <param name="pageAges">For each node the ages of its pages in seconds.</param>
    /// <param name="replacements">M, the most replacements of an epoch.</param>
    public ReplacementEpoch(IReadOnlyList<double[]> pageAges, int replacements)
    {
        ArgumentNullException.ThrowIfNull(pageAges);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(replacements);
        _weights = new int[pageAges.Count];
        var all = new List<(double Age, int Node)>();
        for (int node = 0; node < pageAges.Count; node++)
        {
            foreach (double age in pageAges[node])
                all.Add((age, node));
        }

        all.Sort(static (a, b) => b.Age.CompareTo(a.Age));
        _left = Math.Min(replacements, all.Count);
        for (int i = 0; i < _left; i++)
        {
            _weights[all[i].Node]++;
            MinAge = all[i].Age;
        }
    }

    /// <summary>Age of the youngest page that shall go.</summary>
    public double MinAge { get; }

    /// <summary>The epoch is over: M pages have gone.</summary>
    public bool IsOver => _left <= 0;

    public int Weight(int node) => _weights[node];

    /// <summary>The node that starts the next epoch: the one with the largest weight.</summary>
    public int NextInitiator => Array.IndexOf(_weights, _weights.Length == 0 ? 0 : _weights.Max());

    /// <summary>Where an evicted clean page goes: a node, or -1 to drop it.</summary>
    public int Evict(double pageAge, ref RandomSource random)
    {
        if (pageAge > MinAge || _left <= 0)
            return -1;
        int draw = random.NextInt(_left);
        for (int node = 0; node < _weights.Length; node++)
        {
            draw -= _weights[node];
            if (draw >= 0)
                continue;
            _weights[node]--;
            _left--;
            return node;
        }

        return -1;
    }
}
