namespace Isobar.Balancing.Profiles;

/// <summary>A policy's name and the parameters that differ from its defaults, as a profile writes them.</summary>
public sealed record StageSettings(string Policy, IReadOnlyDictionary<string, double> Parameters)
{
    private static readonly Dictionary<string, double> Empty = [];

    public StageSettings(string policy)
        : this(policy, Empty)
    {
    }

    /// <summary>The same with one parameter changed (sweeps).</summary>
    public StageSettings With(string parameter, double value) =>
        this with { Parameters = new Dictionary<string, double>(Parameters) { [parameter] = value } };
}
