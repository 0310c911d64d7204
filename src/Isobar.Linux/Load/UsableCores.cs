namespace Isobar.Linux.Load;

/// <summary>The cores that work may use, as the policies count them: a quota makes the last of them a slower one.</summary>
public static class UsableCores
{
    /// <summary>The share of each core, 1 = the whole of it: a quota of 1.5 on four cores is one core and a half.</summary>
    /// <param name="cores">Cores that the affinity allows.</param>
    /// <param name="quota">CPU seconds per second; null = no quota.</param>
    public static double[] Shares(int cores, double? quota)
    {
        var usable = Math.Min(quota ?? cores, cores);
        var shares = new double[Math.Max(1, (int)Math.Ceiling(usable - 1e-9))];
        Array.Fill(shares, 1.0);
        shares[^1] = Math.Max(0.01, usable - (shares.Length - 1));
        return shares;
    }
}
