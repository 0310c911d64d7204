using Isobar.Balancing.Profiles;
using Isobar.Simulation;
using Isobar.Simulation.Comparing;

namespace Isobar.Cli.Sim;

/// <summary>Profiles as a user names them: a shipped one, a JSON file, or "none".</summary>
internal static class ProfileArguments
{
    public static Profile Load(string name)
    {
        if (name == "none" && !ProfileReader.Shipped.Contains("none"))
            return new Profile(new ProfileSettings { Name = "none" });

        if (!name.EndsWith(".json", StringComparison.Ordinal))
            return ProfileReader.Load(name);

        if (!File.Exists(name))
            throw new SimulationException($"There is no file {name}; give the name of a shipped profile or the path of a JSON file.");

        using var file = File.OpenRead(name);
        return ProfileReader.Parse(file);
    }

    /// <summary>Names by commas; "all" stands for every shipped profile.</summary>
    public static IReadOnlyList<Contender> LoadMany(string names) =>
    [
        .. names.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(name => name == "all" ? ProfileReader.Shipped : [name])
            .Distinct()
            .Select(name => Load(name))
            .Select(profile => new Contender(profile.Name, profile)),
    ];

    /// <summary>The profile with one parameter changed: STAGE.PARAMETER, where the stage is load, dissemination, a rule's name, or period.</summary>
    public static Profile With(Profile profile, string path, double value)
    {
        var settings = profile.Settings;
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        var stage = dot < 0 ? path : path[..dot];
        var parameter = dot < 0 ? "" : path[(dot + 1)..];
        if (stage == "period")
            return new Profile(settings with { PeriodSeconds = value });

        if (stage == "load")
            return new Profile(settings with { Load = settings.Load.With(parameter, value) });

        if (stage == "dissemination")
            return new Profile(settings with { Dissemination = settings.Dissemination.With(parameter, value) });

        if (!settings.Rules.Any(rule => rule.Policy == stage))
        {
            throw new SimulationException(
                $"Profile {profile.Name} has no stage {stage}; sweep period, load.X, dissemination.X, {string.Join(", ", settings.Rules.Select(rule => rule.Policy + ".X"))} or cost.");
        }

        return new Profile(settings with { Rules = [.. settings.Rules.Select(rule => rule.Policy == stage ? rule.With(parameter, value) : rule)] });
    }
}
