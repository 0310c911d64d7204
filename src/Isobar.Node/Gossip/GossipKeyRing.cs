using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Isobar.Node.Gossip;

/// <summary>One of the cluster's keys for datagrams.</summary>
internal sealed record GossipKey
{
    public required uint Id { get; init; }

    /// <summary>32 random bytes.</summary>
    public required byte[] Secret { get; init; }

    public required long MadeUnixSeconds { get; init; }

    /// <summary>Not used any more after this moment; 0 = no end. Set when a node left that knows it.</summary>
    public long EndsUnixSeconds { get; init; }
}

/// <summary>
/// The keys that are in use, the newest last. Immutable; kept in the store for all and on each node's disk for a start without the store.
/// </summary>
internal sealed record GossipKeyRing
{
    /// <summary>Older keys are still opened with, since a node that was cut off from the store may seal with them.</summary>
    private const int Kept = 3;

    /// <summary>How long a departed node's keys go on being opened with: all the others have the new one by then.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(60);

    public static GossipKeyRing Empty { get; } = new() { Keys = [] };

    public required GossipKey[] Keys { get; init; }

    public GossipKey? Newest => Keys.Length == 0 ? null : Keys[^1];

    public GossipKey? Find(uint id)
    {
        foreach (var key in Keys)
        {
            if (key.Id == id)
                return key;
        }

        return null;
    }

    /// <summary>
    /// The key to seal with: the newest, but in its first moments the one before, so that everybody can have got it. A key that ends is not waited for.
    /// </summary>
    public GossipKey? ToSealWith(DateTimeOffset now, TimeSpan settle)
    {
        if (Keys.Length > 1 && Keys[^2].EndsUnixSeconds == 0 && now - DateTimeOffset.FromUnixTimeSeconds(Newest!.MadeUnixSeconds) < settle)
            return Keys[^2];
        return Newest;
    }

    /// <summary>With one more key.</summary>
    /// <param name="now">The present.</param>
    /// <param name="endsOthers">Somebody who knows the present keys has left.</param>
    public GossipKeyRing Next(DateTimeOffset now, bool endsOthers)
    {
        var made = new GossipKey { Id = (Newest?.Id ?? 0) + 1, Secret = RandomNumberGenerator.GetBytes(32), MadeUnixSeconds = now.ToUnixTimeSeconds() };
        var end = now.Add(Overlap).ToUnixTimeSeconds();
        var old = Keys.TakeLast(Kept - 1).Select(key => endsOthers && (key.EndsUnixSeconds == 0 || key.EndsUnixSeconds > end) ? key with { EndsUnixSeconds = end } : key);
        return new GossipKeyRing { Keys = [.. old.Where(key => key.EndsUnixSeconds == 0 || key.EndsUnixSeconds > now.ToUnixTimeSeconds()), made] };
    }

    /// <summary>Without the keys that have ended.</summary>
    public GossipKeyRing At(DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds();
        return Array.Exists(Keys, key => key.EndsUnixSeconds != 0 && key.EndsUnixSeconds <= seconds)
            ? new GossipKeyRing { Keys = [.. Keys.Where(key => key.EndsUnixSeconds == 0 || key.EndsUnixSeconds > seconds)] }
            : this;
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, GossipJson.Default.GossipKeyRing);

    public static GossipKeyRing FromJson(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, GossipJson.Default.GossipKeyRing) ?? Empty;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GossipKeyRing))]
internal sealed partial class GossipJson : JsonSerializerContext;
