namespace Isobar.Balancing.Dissemination;

/// <summary>
/// The age of information under gossip, in steps: in each step every one of n nodes sends its w freshest entries to one random node.
/// Formulas of Amar, Barak, Drezner, Okun 2009 [scoreboard 3; found in the MOSIX lab's gossiplib.c].
/// </summary>
public static class GossipAge
{
    private const double EulerGamma = 0.5772156649015329;

    /// <summary>Age up to which entries fit into a window of w: T(w) = ((n-1)/n) ln(w(n-1)/(n-w)).</summary>
    public static double WindowAge(int nodes, double window) =>
        (nodes - 1.0) / nodes * Math.Log(window * (nodes - 1) / (nodes - window));

    /// <summary>Entries younger than an age: X(T) = n e^(nT/(n-1)) / (n-1+e^(nT/(n-1))); the inverse of <see cref="WindowAge"/>.</summary>
    public static double EntriesWithin(int nodes, double age)
    {
        double e = Math.Exp(nodes * age / (nodes - 1.0));
        return nodes * e / (nodes - 1 + e);
    }

    /// <summary>Mean age of the entries in the window.</summary>
    public static double MeanWithinWindow(int nodes, double window)
    {
        double age = WindowAge(nodes, window);
        double e = Math.Exp(nodes * age / (nodes - 1.0));
        return age - (nodes - 1.0) / EntriesWithin(nodes, age) * (Math.Log(nodes - 1 + e) - Math.Log(nodes));
    }

    /// <summary>Mean age of the whole vector: 1 / (1 - (1 - 1/(n-1))^X) + Aw. For 1 &lt; window &lt; nodes.</summary>
    public static double Mean(int nodes, double window) =>
        1 / (1 - Math.Pow(1 - 1.0 / (nodes - 1), window)) + MeanWithinWindow(nodes, window);

    /// <summary>Expected age of the oldest entry: (ln n + 0.577) / (X * -ln(1 - 1/(n-1))).</summary>
    public static double Max(int nodes, double window) =>
        (Math.Log(nodes) + EulerGamma) / (window * -Math.Log(1 - 1.0 / (nodes - 1)));

    /// <summary>
    /// Window and period for a wanted mean age: the smallest window with which the wanted period suffices; if even a window of all
    /// nodes is too slow, the period is shortened.
    /// </summary>
    /// <param name="nodes">Members of the cluster.</param>
    /// <param name="wantedSeconds">Wanted mean age of the entries, above 0.</param>
    /// <param name="periodSeconds">The period that is kept if possible.</param>
    /// <param name="maxWindow">The most entries in a message.</param>
    public static (int Window, double PeriodSeconds) For(int nodes, double wantedSeconds, double periodSeconds, int maxWindow)
    {
        if (nodes <= 3)
            return (Math.Max(1, nodes), Math.Min(periodSeconds, wantedSeconds));

        // The formula ends below n: a window of n is every entry that there is.
        int largest = Math.Clamp(maxWindow, 2, nodes - 1);
        if (Mean(nodes, largest) * periodSeconds > wantedSeconds)
            return (largest, wantedSeconds / Mean(nodes, largest));
        int low = 2;
        int high = largest;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Mean(nodes, middle) * periodSeconds <= wantedSeconds)
                high = middle;
            else
                low = middle + 1;
        }

        return (low, periodSeconds);
    }
}
