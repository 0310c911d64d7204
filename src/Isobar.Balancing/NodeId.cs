namespace Isobar.Balancing;

/// <summary>
/// A machine of the cluster: a small number that the roster gave it for ever. The daemon maps it to the name; a simulator counts from 0.
/// </summary>
public readonly record struct NodeId(int Value)
{
    /// <summary>No machine.</summary>
    public static readonly NodeId None = new(-1);

    public bool IsNone => Value < 0;

    public override string ToString() => IsNone ? "none" : $"#{Value}";
}
