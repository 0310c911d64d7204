using System.Globalization;

namespace Isobar.Balancing.Profiles;

/// <summary>The parameters of one policy of one profile: what the profile says, the defaults for the rest, all checked.</summary>
public sealed class ParameterValues
{
    private readonly PolicyParameter[] _parameters;
    private readonly double[] _values;

    /// <param name="where">For errors: "profile x, load".</param>
    /// <param name="policy">Name of the policy, for errors.</param>
    /// <param name="parameters">What the policy takes.</param>
    /// <param name="given">What the profile says.</param>
    /// <exception cref="BalancingException">An unknown name, or a value out of range.</exception>
    public ParameterValues(
        string where, string policy, IReadOnlyList<PolicyParameter> parameters, IEnumerable<KeyValuePair<string, double>> given)
    {
        ArgumentNullException.ThrowIfNull(given);
        _parameters = [.. parameters];
        _values = new double[_parameters.Length];
        for (int i = 0; i < _values.Length; i++)
            _values[i] = _parameters[i].Default;
        foreach ((string name, double value) in given)
        {
            int index = Array.FindIndex(_parameters, p => p.Name == name);
            if (index < 0)
            {
                string known = _parameters.Length == 0 ? "it has none" : "it has " + string.Join(", ", Array.ConvertAll(_parameters, p => p.Name));
                throw new BalancingException($"{where}: policy '{policy}' has no parameter '{name}'; {known}.");
            }

            PolicyParameter parameter = _parameters[index];
            bool allowed = value >= parameter.Min && value <= parameter.Max && (!parameter.IsWhole || value == Math.Floor(value));
            if (!allowed)
            {
                throw new BalancingException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{where}: parameter '{name}' of policy '{policy}' is {value}; it must be a {(parameter.IsWhole ? "whole number" : "number")} from {parameter.Min} to {parameter.Max}."));
            }

            _values[index] = value;
        }
    }

    /// <summary>The defaults alone.</summary>
    public static ParameterValues DefaultsOf(string policy, IReadOnlyList<PolicyParameter> parameters) => new("defaults", policy, parameters, []);

    public double this[string name]
    {
        get
        {
            int index = Array.FindIndex(_parameters, p => p.Name == name);
            return index >= 0 ? _values[index] : throw new ArgumentException($"No parameter '{name}' is declared.", nameof(name));
        }
    }

    public int Whole(string name) => (int)this[name];

    public bool On(string name) => this[name] != 0;
}
