namespace Isobar.Node.Jobs;

/// <summary>A node as a placement sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cores">CPU cores.</param>
/// <param name="Speed">Relative speed of one core, 1000 is the reference.</param>
/// <param name="Load">Ready processes, averaged over some seconds.</param>
/// <param name="FreeMemory">Bytes.</param>
public sealed record PlacementNode(string Name, int Cores, int Speed, double Load, long FreeMemory);

/// <summary>Chooses where a job starts, or what <c>best</c> means. The balancing policies come in here.</summary>
public interface IPlacement
{
    /// <summary>The best node for one more process, of those given (at least one); the home wins ties.</summary>
    string Choose(IReadOnlyList<PlacementNode> nodes, string home);
}

/// <summary>
/// The least loaded machine: the one where one more ready process gets the most CPU, that is the greatest speed × min(1, cores / (load + 1)). The home is taken
/// unless another one is better by a tenth, since a program at home has its files at hand.
/// </summary>
public sealed class LeastLoaded : IPlacement
{
    private const double HomeAdvantage = 1.1;
    private const long NeededMemory = 64L << 20;

    public string Choose(IReadOnlyList<PlacementNode> nodes, string home) =>
        nodes.OrderByDescending(node => Share(node) * (node.Name == home ? HomeAdvantage : 1)).ThenBy(node => node.Name == home ? 0 : 1).First().Name;

    private static double Share(PlacementNode node) =>
        node.FreeMemory < NeededMemory ? 0 : node.Speed * Math.Min(1, node.Cores / (node.Load + 1));
}
