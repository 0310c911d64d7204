namespace Isobar.Balancing.Profiles;

/// <summary>All policies that profiles can name, by stage.</summary>
public static class Policies
{
    public static PolicyRegistry<LoadFactory> Load { get; } = new("load", Balancing.Load.MeanLoad.Policy);

    public static PolicyRegistry<DisseminationFactory> Dissemination { get; } = new(
        "dissemination", Balancing.Dissemination.NoDissemination.Policy, Balancing.Dissemination.OracleDissemination.Policy);

    public static PolicyRegistry<RuleFactory> Consideration { get; } = new("consideration");
}
