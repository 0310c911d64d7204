using System.Globalization;
using System.Text;
using Isobar.Balancing;
using Isobar.Balancing.Consideration.Owners;
using Isobar.Balancing.Profiles;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Settings;

/// <summary>A setting that there is: its name, its default, what it means, and what a value must look like.</summary>
/// <param name="Name">As in <c>isobar config set NAME</c>.</param>
/// <param name="Default">What counts when nobody set it.</param>
/// <param name="Meaning">One line.</param>
/// <param name="Check">Throws in one sentence what is wrong with a value.</param>
internal sealed record SettingKind(string Name, string Default, string Meaning, Action<string> Check)
{
    public static SettingKind Profile { get; } = new(
        "profile",
        "isobar",
        "how load is measured, told and acted upon: a profile's name (isobar sim list) or the JSON of one",
        value => ProfileOf(value));

    public static SettingKind MovesAtOnce { get; } = new(
        "moves-at-once",
        "2",
        "the most moves that a node makes by itself at the same time; 0 = it moves only what must leave (drained or expelled, owner, memory, limits, reservations, more important work)",
        value => Whole("moves-at-once", value, 0, 64));

    public static SettingKind GossipAge { get; } = new(
        "gossip-age",
        "0",
        "wanted mean age of what a node knows of the others, in seconds; 0 = as the profile says",
        value => Seconds("gossip-age", value, 0, 3600));

    public static SettingKind Owner { get; } = new(
        "owner",
        "",
        "when a machine's owner counts as there, and what becomes of guests then: isobar owner set",
        value => OwnerRulesOf(value));

    public static SettingKind Reserve { get; } = new(
        "reserve",
        "",
        "for whom a machine is kept, until when: isobar node reserve",
        value => Reservation.Parse(value));

    public static SettingKind Site { get; } = new(
        "site",
        "",
        "the site (or group) that a machine belongs to, for profiles that know groups: set it with --node; all without one are one site",
        CheckSite);

    public static SettingKind MemoryKeptFree { get; } = new(
        "memory-kept-free",
        "0.05",
        "the share of a machine's memory that is not lent to jobs of other machines (profiles gms and rms), 0 to 1; 1 = it lends none",
        value => Share("memory-kept-free", value));

    public static IReadOnlyList<SettingKind> All { get; } = [Profile, MovesAtOnce, GossipAge, Owner, Reserve, Site, MemoryKeptFree];

    public static SettingKind Named(string name) => All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new ClusterException($"there is no setting {name}: there are {string.Join(", ", All.Select(kind => kind.Name))}.");

    /// <summary>The profile that a value names or is.</summary>
    public static Profile ProfileOf(string value)
    {
        try
        {
            return value.AsSpan().TrimStart().StartsWith("{") ? ProfileReader.Parse(Encoding.UTF8.GetBytes(value)) : ProfileReader.Load(value);
        }
        catch (BalancingException e)
        {
            throw new ClusterException(e.Message, e);
        }
    }

    /// <summary>Nothing is no rules.</summary>
    public static OwnerRules OwnerRulesOf(string value)
    {
        try
        {
            return value.Length == 0 ? OwnerRules.None : OwnerRules.Parse(value);
        }
        catch (BalancingException e)
        {
            throw new ClusterException(e.Message, e);
        }
    }

    private static void CheckSite(string value)
    {
        const int most = 64;
        if (value.Length > most || value.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.')))
            throw new ClusterException($"a site's name has letters, digits, '-', '_' and '.', {most} at most, not \"{value}\".");
    }

    public static int Whole(string name, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ClusterException($"{name} is a whole number from {least} to {most}, not \"{value}\".");

    public static double Share(string name, string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 1
            ? number
            : throw new ClusterException($"{name} is a number from 0 to 1, not \"{value}\".");

    public static double Seconds(string name, string value, double least, double most) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ClusterException(string.Create(CultureInfo.InvariantCulture, $"{name} is a number of seconds from {least} to {most}, not \"{value}\"."));
}
