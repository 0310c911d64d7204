using System.Collections.ObjectModel;
using System.Reflection;
using System.Text.Json;

namespace Isobar.Balancing.Profiles;

/// <summary>
/// Profiles from JSON. Every mistake is told in one sentence with the place and the allowed values; comments and trailing commas are allowed,
/// since people write these files.
/// </summary>
public static class ProfileReader
{
    private const string ResourcePrefix = "profile/";

    private static readonly Lazy<ReadOnlyCollection<string>> ShippedNames = new(FindShipped);

    /// <summary>Names of the profiles that come with Isobar, sorted.</summary>
    public static IReadOnlyList<string> Shipped => ShippedNames.Value;

    /// <summary>A profile that comes with Isobar.</summary>
    /// <exception cref="BalancingException">There is none of this name.</exception>
    public static Profile Load(string name)
    {
        using Stream? stream = typeof(ProfileReader).Assembly.GetManifestResourceStream(ResourcePrefix + name)
            ?? throw new BalancingException($"There is no profile '{name}'; there are {string.Join(", ", Shipped)}, or give the path of a JSON file.");
        return new Profile(Read(stream));
    }

    /// <exception cref="BalancingException">It is not JSON, or not a profile, or a name or number in it is wrong.</exception>
    public static Profile Parse(ReadOnlySpan<byte> json)
    {
        using var stream = new MemoryStream(json.ToArray());
        return new Profile(Read(stream));
    }

    /// <summary>The same from an open file.</summary>
    public static Profile Parse(Stream json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return new Profile(Read(json));
    }

    /// <summary>The settings as JSON, as <see cref="Parse(ReadOnlySpan{byte})"/> reads them.</summary>
    public static string Write(ProfileSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return JsonSerializer.Serialize(ProfileDocument.From(settings), ProfileJson.Default.ProfileDocument);
    }

    private static ProfileSettings Read(Stream stream)
    {
        ProfileDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(stream, ProfileJson.Default.ProfileDocument);
        }
        catch (JsonException e)
        {
            string at = e.LineNumber is long line ? $" in line {line + 1}" : "";
            throw new BalancingException($"The profile is not valid{at}: {FirstSentence(e.Message)} Correct it and try again.", e);
        }

        return document?.ToSettings() ?? throw new BalancingException("The profile is empty; it needs at least a name.");
    }

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" Path:", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd();
    }

    private static ReadOnlyCollection<string> FindShipped()
    {
        Assembly assembly = typeof(ProfileReader).Assembly;
        var names = new List<string>();
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            if (resource.StartsWith(ResourcePrefix, StringComparison.Ordinal))
                names.Add(resource[ResourcePrefix.Length..]);
        }

        names.Sort(StringComparer.Ordinal);
        return names.AsReadOnly();
    }
}
