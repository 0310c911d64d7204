using System.Text.Json;
using System.Text.Json.Serialization;

namespace Isobar.Balancing.Profiles;

/// <summary>The JSON form of a profile.</summary>
internal sealed record ProfileDocument
{
    public string? Name { get; init; }

    public string? Title { get; init; }

    public string? Source { get; init; }

    public StageDocument? Load { get; init; }

    public StageDocument? Dissemination { get; init; }

    public ConsiderationDocument? Consideration { get; init; }

    public MoveStyle? Move { get; init; }

    public ProfileSettings ToSettings()
    {
        string where = $"Profile '{Name}'";
        ConsiderationDocument consideration = Consideration ?? new ConsiderationDocument();
        var rules = new List<StageSettings>();
        foreach (StageDocument rule in consideration.Rules ?? [])
            rules.Add(rule.ToSettings($"{where}, rule {rules.Count + 1}"));
        var defaults = new ProfileSettings { Name = "" };
        return new ProfileSettings
        {
            Name = Name ?? "",
            Title = Title ?? "",
            Source = Source ?? "",
            Load = Load?.ToSettings($"{where}, load") ?? defaults.Load,
            Dissemination = Dissemination?.ToSettings($"{where}, dissemination") ?? defaults.Dissemination,
            Rules = rules,
            Scope = consideration.Scope ?? defaults.Scope,
            PeriodSeconds = consideration.PeriodSeconds ?? defaults.PeriodSeconds,
            OnArrival = consideration.OnArrival ?? defaults.OnArrival,
            OnDeparture = consideration.OnDeparture ?? defaults.OnDeparture,
            OnNews = consideration.OnNews ?? defaults.OnNews,
            Move = Move ?? defaults.Move,
        };
    }

    public static ProfileDocument From(ProfileSettings settings)
    {
        var rules = new List<StageDocument>();
        foreach (StageSettings rule in settings.Rules)
            rules.Add(StageDocument.From(rule));
        return new ProfileDocument
        {
            Name = settings.Name,
            Title = settings.Title,
            Source = settings.Source,
            Load = StageDocument.From(settings.Load),
            Dissemination = StageDocument.From(settings.Dissemination),
            Consideration = new ConsiderationDocument
            {
                Scope = settings.Scope,
                PeriodSeconds = settings.PeriodSeconds,
                OnArrival = settings.OnArrival,
                OnDeparture = settings.OnDeparture,
                OnNews = settings.OnNews,
                Rules = rules,
            },
            Move = settings.Move,
        };
    }
}

internal sealed record ConsiderationDocument
{
    public DecisionScope? Scope { get; init; }

    public double? PeriodSeconds { get; init; }

    public bool? OnArrival { get; init; }

    public bool? OnDeparture { get; init; }

    public bool? OnNews { get; init; }

    public List<StageDocument>? Rules { get; init; }
}

/// <summary>A policy: its name, and every other member is one of its parameters.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record StageDocument
{
    public string? Policy { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Parameters { get; set; }

    public StageSettings ToSettings(string where)
    {
        if (string.IsNullOrEmpty(Policy))
            throw new BalancingException($"{where}: the member \"policy\" with the policy's name is missing.");
        var values = new Dictionary<string, double>();
        foreach ((string name, JsonElement value) in Parameters ?? [])
        {
            values[name] = value.ValueKind switch
            {
                JsonValueKind.Number => value.GetDouble(),
                JsonValueKind.True => 1,
                JsonValueKind.False => 0,
                _ => throw new BalancingException($"{where}: parameter '{name}' must be a number or true or false, not {value.GetRawText()}."),
            };
        }

        return new StageSettings(Policy, values);
    }

    public static StageDocument From(StageSettings settings)
    {
        var parameters = new Dictionary<string, JsonElement>();
        foreach ((string name, double value) in settings.Parameters)
            parameters[name] = JsonSerializer.SerializeToElement(value, ProfileJson.Default.Double);
        return new StageDocument { Policy = settings.Policy, Parameters = parameters };
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(ScopeConverter), typeof(MoveStyleConverter)])]
[JsonSerializable(typeof(ProfileDocument))]
[JsonSerializable(typeof(double))]
internal sealed partial class ProfileJson : JsonSerializerContext
{
}

internal sealed class ScopeConverter() : JsonStringEnumConverter<DecisionScope>(JsonNamingPolicy.KebabCaseLower, false);

internal sealed class MoveStyleConverter() : JsonStringEnumConverter<MoveStyle>(JsonNamingPolicy.KebabCaseLower, false);
