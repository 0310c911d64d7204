using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// The cost of a machine by Amir, Awerbuch, Barak, Borgstrom, Keren (TPDS 11(7) 2000): n^(load / L) + n^(used memory / memory), so that CPU and memory
/// become one homogeneous quantity [systems.md A4; the marginal form is from memory there]. L, the unknown largest load, is found by
/// doubling: the smallest power of two not below the largest load seen.
/// </summary>
public readonly record struct OpportunityCost(double Nodes, double Scale)
{
    /// <summary>The smallest power of two, at least 1, that is not below <paramref name="largest"/>.</summary>
    public static double ScaleFor(double largest)
    {
        double scale = 1;
        while (scale < largest)
            scale *= 2;
        return scale;
    }

    public double Of(double load, double memoryShare) => Math.Pow(Nodes, load / Scale) + Math.Pow(Nodes, memoryShare);

    /// <summary>What a job adds to the cost of a machine; infinite when its memory does not fit.</summary>
    /// <param name="load">Speed-normalised CPU load of the machine without the job.</param>
    /// <param name="memoryShare">Share of its memory that is used without the job.</param>
    /// <param name="addedLoad">What the job adds to the load: 1 / capacity for a CPU-bound process.</param>
    /// <param name="addedShare">Share of the machine's memory that the job needs.</param>
    public double Marginal(double load, double memoryShare, double addedLoad, double addedShare) =>
        memoryShare + addedShare > 1
            ? double.PositiveInfinity
            : MarginalUnbounded(load, memoryShare, addedLoad, addedShare);

    /// <summary>The same without the memory's bound: what the machine that is overcommitted would be relieved of.</summary>
    public double MarginalUnbounded(double load, double memoryShare, double addedLoad, double addedShare) =>
        Of(load + addedLoad, memoryShare + addedShare) - Of(load, memoryShare);

    /// <summary>CPU load of a node as the formula wants it: runnable tasks over capacity.</summary>
    internal static double LoadOf(in LoadEntry entry) => entry.Ready / entry.Capacity;

    internal static double MemoryShareOf(in LoadEntry entry) =>
        entry.TotalMemoryMiB == 0 ? 0 : 1 - Math.Min(1, (double)entry.FreeMemoryMiB / entry.TotalMemoryMiB);
}
