using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Profiles;

/// <summary>Makes the load calculator of one node.</summary>
public delegate LoadCalculator LoadFactory(CoreSet cores);

/// <summary>Makes the protocol of one node.</summary>
public delegate DisseminationProtocol DisseminationFactory(NodeId self, Roster roster);

/// <summary>Makes a consideration rule of one node.</summary>
public delegate ConsiderationRule RuleFactory(NodeId self);

/// <summary>A policy that profiles can name.</summary>
/// <param name="Summary">One line for lists.</param>
/// <param name="Source">The system or paper that it comes from.</param>
/// <param name="Bind">Checks parameters that hang together and makes a factory that shares them between nodes.</param>
public sealed record Policy<TFactory>(
    string Name, string Summary, string Source, IReadOnlyList<PolicyParameter> Parameters, Func<ParameterValues, TFactory> Bind)
    where TFactory : Delegate;

/// <summary>The policies of one stage by name.</summary>
public sealed class PolicyRegistry<TFactory>
    where TFactory : Delegate
{
    private readonly string _stage;
    private readonly SortedDictionary<string, Policy<TFactory>> _byName = new(StringComparer.Ordinal);

    public PolicyRegistry(string stage, params ReadOnlySpan<Policy<TFactory>> policies)
    {
        _stage = stage;
        foreach (Policy<TFactory> policy in policies)
            _byName.Add(policy.Name, policy);
    }

    public IReadOnlyCollection<Policy<TFactory>> All => _byName.Values;

    /// <exception cref="BalancingException">There is no such policy; the message lists those that are.</exception>
    public Policy<TFactory> Get(string name, string where) => _byName.TryGetValue(name, out Policy<TFactory>? policy)
        ? policy
        : throw new BalancingException($"{where}: there is no {_stage} policy '{name}'; there are {string.Join(", ", _byName.Keys)}.");

    /// <summary>Binds a policy to parameters by name.</summary>
    public TFactory Bind(string name, string where, IEnumerable<KeyValuePair<string, double>> parameters)
    {
        Policy<TFactory> policy = Get(name, where);
        return policy.Bind(new ParameterValues(where, name, policy.Parameters, parameters));
    }
}
