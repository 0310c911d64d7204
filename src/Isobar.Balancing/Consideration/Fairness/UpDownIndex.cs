namespace Isobar.Balancing.Consideration.Fairness;

/// <summary>
/// The first Condor's Up-Down algorithm [systems.md S2.3, A8: signs found, amounts unknown and parameters here]: a station's index rises while it holds remote
/// machines, falls while it wants some and is denied, and else goes back to 0. The smallest index is served first; when nothing is idle, a station with a
/// larger index loses a machine to one with a smaller.
/// </summary>
public sealed class UpDownIndex(double up = 1, double down = 1)
{
    private readonly Dictionary<NodeId, double> _index = [];

    public double this[NodeId station] => _index.TryGetValue(station, out double value) ? value : 0;

    /// <param name="station">The station.</param>
    /// <param name="held">Remote machines that it held in the period.</param>
    /// <param name="denied">It wanted more and got none.</param>
    public void OnPeriod(NodeId station, int held, bool denied)
    {
        double index = this[station];
        if (held > 0)
            index += up * held;
        else if (denied)
            index -= down;
        else if (index > 0)
            index = Math.Max(0, index - down);
        else
            index = Math.Min(0, index + up);
        _index[station] = index;
    }

    /// <summary>The waiting station to be served, or -1.</summary>
    public int Next(ReadOnlySpan<NodeId> waiting)
    {
        int best = -1;
        for (int i = 0; i < waiting.Length; i++)
        {
            if (best < 0 || this[waiting[i]] < this[waiting[best]])
                best = i;
        }

        return best;
    }

    /// <summary>The using station that loses a machine to <paramref name="waiting"/>, or -1: the largest index, if it is larger than the waiting one's.</summary>
    public int Victim(NodeId waiting, ReadOnlySpan<NodeId> holders)
    {
        int worst = -1;
        for (int i = 0; i < holders.Length; i++)
        {
            if (worst < 0 || this[holders[i]] > this[holders[worst]])
                worst = i;
        }

        return worst >= 0 && this[holders[worst]] > this[waiting] ? worst : -1;
    }
}
