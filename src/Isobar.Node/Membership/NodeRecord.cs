using System.Text.Json;
using System.Text.Json.Serialization;

namespace Isobar.Node.Membership;

/// <summary>A member as the roster (in the store, as JSON) knows it.</summary>
public sealed record NodeRecord
{
    public required string Name { get; init; }

    /// <summary>host:port.</summary>
    public required string Address { get; init; }

    /// <summary>SHA-256 of its certificate in hexadecimal: another certificate of the same name, even of our authority, is not the member.</summary>
    public required string Fingerprint { get; init; }

    public required long JoinedUnixSeconds { get; init; }

    /// <summary>It has the authority's key and runs, or is about to run, a member of the store.</summary>
    public bool IsStoreMember { get; init; }

    /// <summary>It is handing over what it has and will be gone soon.</summary>
    public bool IsLeaving { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, MembershipJson.Default.NodeRecord);

    public static NodeRecord FromJson(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, MembershipJson.Default.NodeRecord)!;
}

/// <summary>Why a name that was once in the roster is not any more.</summary>
public sealed record EvictionRecord
{
    public required string Name { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary>The node whose administrator evicted it.</summary>
    public required string By { get; init; }

    public required long UnixSeconds { get; init; }
}

/// <summary>An invitation that waits for its use.</summary>
public sealed record InviteRecord
{
    /// <summary>SHA-256 of the secret, hexadecimal.</summary>
    public required string SecretHash { get; init; }

    public required long ExpiresUnixSeconds { get; init; }

    /// <summary>The node that used it.</summary>
    public string? UsedBy { get; init; }
}

/// <summary>What a node remembers of its cluster besides its keys.</summary>
public sealed record ClusterFacts
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Node { get; init; }

    /// <summary>The administrator's own etcd instead of ours; empty for ours.</summary>
    public string[] ExternalStore { get; init; } = [];
}

/// <summary>The roster as it was last seen, for a start without the store.</summary>
public sealed record RosterCache
{
    public required long Revision { get; init; }

    public required NodeRecord[] Nodes { get; init; }

    public required EvictionRecord[] Evicted { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NodeRecord))]
[JsonSerializable(typeof(EvictionRecord))]
[JsonSerializable(typeof(InviteRecord))]
[JsonSerializable(typeof(ClusterFacts))]
[JsonSerializable(typeof(RosterCache))]
internal sealed partial class MembershipJson : JsonSerializerContext;
