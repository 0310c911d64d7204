using System.Text.Json.Serialization;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Nodes;

/// <summary>A node in the output of <c>isobar nodes --json</c>: names and units are a promise to scripts.</summary>
internal sealed record NodeJson
{
    public required string Name { get; init; }

    public required string Address { get; init; }

    /// <summary>up, leaving or unreachable.</summary>
    public required string State { get; init; }

    /// <summary>The node that was asked.</summary>
    public required bool Self { get; init; }

    /// <summary>Null if there was no sign of life since the asked daemon started.</summary>
    public double? LastSeenSeconds { get; init; }

    public int? Cores { get; init; }

    public int? Speed { get; init; }

    public double? Load { get; init; }

    public long? MemoryTotalBytes { get; init; }

    public long? MemoryFreeBytes { get; init; }

    public int? HomeJobs { get; init; }

    public int? Guests { get; init; }

    public double? UptimeSeconds { get; init; }

    public string? Kernel { get; init; }

    public string? Version { get; init; }

    /// <summary>What it says of itself: drained, blocked, reserved, owner (he is there), memory-low.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>Whether it carries a member of the store: member, external or empty.</summary>
    public string? Store { get; init; }

    public static NodeJson From(NodeLine node) => new()
    {
        Name = node.Name,
        Address = node.Address,
        State = node.State,
        Self = node.IsSelf,
        LastSeenSeconds = node.LastSeenSeconds < 0 ? null : Math.Round(node.LastSeenSeconds, 3),
        Cores = node.Status?.Cores,
        Speed = node.Status?.Speed,
        Load = node.Status is null ? null : Math.Round(node.Status.Load, 3),
        MemoryTotalBytes = node.Status?.MemoryTotalBytes,
        MemoryFreeBytes = node.Status?.MemoryFreeBytes,
        HomeJobs = node.Status?.HomeJobs,
        Guests = node.Status?.Guests,
        UptimeSeconds = node.Status?.UptimeSeconds,
        Kernel = node.Status?.Kernel,
        Version = node.Status?.Version,
        Store = node.Status?.StoreRole,
        Flags = node.Status is null ? [] : [.. node.Status.Flags],
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(List<NodeJson>))]
internal sealed partial class NodesJsonContext : JsonSerializerContext;
