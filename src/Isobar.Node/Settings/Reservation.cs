using System.Globalization;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;

namespace Isobar.Node.Settings;

/// <summary>A node that is kept for one user's jobs, or for those of one home, until a moment: <c>user 1000 until 2026-11-23T05:00:00Z</c>.</summary>
internal sealed record Reservation(uint? User, string? Home, DateTimeOffset Until)
{
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public bool IsFor(string home, uint uid) => User is { } user ? user == uid : Home == home;

    /// <exception cref="ClusterException">The text is none.</exception>
    public static Reservation Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is [("user" or "node") and var kind, var name, "until", var until]
            && DateTimeOffset.TryParseExact(until, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
        {
            if (kind == "node")
                return new Reservation(null, NodeName.Require(name), moment);
            if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var uid))
                return new Reservation(uid, null, moment);
        }

        throw new ClusterException($"\"{text}\" is no reservation: use `isobar node reserve`, or write user 1000 until 2026-11-23T05:00:00Z.");
    }

    public override string ToString() =>
        $"reserved for {(User is { } user ? $"user {user.ToString(CultureInfo.InvariantCulture)}" : $"jobs of {Home}")} until {Until.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)}";
}
