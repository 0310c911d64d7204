using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Isobar.Node.Membership;
using Isobar.Node.Store;

namespace Isobar.Node.Settings;

/// <summary>The settings as one node knows them: a node's own value goes before the cluster's, and that before the default. Immutable.</summary>
internal sealed record SettingValues(ImmutableSortedDictionary<string, string> ByKey)
{
    private const string NodePart = "nodes";

    public static SettingValues Empty { get; } = new(ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>The store's key of a setting: of one node, or of the cluster when the node is empty.</summary>
    public static string KeyOf(string name, string node) => StoreKeys.Settings + (node.Length == 0 ? name : $"{NodePart}/{node}/{name}");

    public string Of(SettingKind kind, string node) =>
        ByKey.GetValueOrDefault(KeyOf(kind.Name, node)) ?? ByKey.GetValueOrDefault(KeyOf(kind.Name, "")) ?? kind.Default;

    /// <summary>What was set: the setting's name, the node (empty for all) and the value. A key of another form is of another version of the daemon, and left out.</summary>
    public IEnumerable<(string Name, string Node, string Value)> Set()
    {
        foreach (var (key, value) in ByKey)
        {
            if (!key.StartsWith(StoreKeys.Settings, StringComparison.Ordinal))
                continue;
            switch (key[StoreKeys.Settings.Length..].Split('/'))
            {
                case [var name]:
                    yield return (name, "", value);
                    break;
                case [NodePart, { Length: > 0 } node, var name]:
                    yield return (name, node, value);
                    break;
            }
        }
    }

    public SettingValues Apply(StoreUpdate update)
    {
        var values = (update.IsWhole ? Empty.ByKey : ByKey).ToBuilder();
        foreach (var entry in update.Entries)
        {
            if (entry.Value is { } value)
                values[entry.Key] = Encoding.UTF8.GetString(value.Span);
            else
                values.Remove(entry.Key);
        }

        return new SettingValues(values.ToImmutable());
    }

    public string ToJson() => JsonSerializer.Serialize(ByKey.ToDictionary(), SettingsJson.Default.DictionaryStringString);

    public static SettingValues FromJson(ReadOnlySpan<byte> json) =>
        new((JsonSerializer.Deserialize(json, SettingsJson.Default.DictionaryStringString) ?? []).ToImmutableSortedDictionary(StringComparer.Ordinal));
}

[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class SettingsJson : JsonSerializerContext;
