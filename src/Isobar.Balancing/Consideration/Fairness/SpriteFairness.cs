namespace Isobar.Balancing.Consideration.Fairness;

/// <summary>
/// Sprite's global daemon when no host is free: one host is taken from the client that holds the most, if that is at least two more than the requester has
/// [systems.md S13.3: CheckFairness counts the requester's new host before its strict comparison].
/// </summary>
public static class SpriteFairness
{
    /// <summary>Index of the client that loses a host, or -1.</summary>
    /// <param name="held">Hosts that each client holds.</param>
    /// <param name="requester">Index of the client that asks.</param>
    public static int Victim(ReadOnlySpan<int> held, int requester)
    {
        int most = -1;
        for (int i = 0; i < held.Length; i++)
        {
            if (i != requester && (most < 0 || held[i] > held[most]))
                most = i;
        }

        return most >= 0 && held[most] > held[requester] + 1 ? most : -1;
    }
}
