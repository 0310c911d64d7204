using System.Diagnostics.CodeAnalysis;

namespace Isobar.Protocol.Naming;

/// <summary>
/// The names that go into a TLS ClientHello (SNI). A node's one port tells by them who is meant: the daemon itself, its join service, or the supervisor of a job.
/// </summary>
public static class ServerNames
{
    /// <summary>The join service: the only one that asks for no client certificate.</summary>
    public const string Join = "join.isobar";

    private const string NodeSuffix = ".node.isobar";
    private const string StoreSuffix = ".store.isobar";
    private const string JobSuffix = ".job.isobar";

    /// <summary>The daemon of a node; also the name in the node's certificate.</summary>
    public static string Node(string node) => node + NodeSuffix;

    /// <summary>The store (etcd) of a node; the name in its certificate.</summary>
    public static string Store(string node) => node + StoreSuffix;

    /// <summary>The supervisor of a job; <paramref name="role"/> is control, files or move.</summary>
    public static string Job(string role, string jobId) => $"{role}.{jobId}{JobSuffix}";

    /// <summary>The node in a name made by <see cref="Node"/>.</summary>
    public static bool TryParseNode(string? serverName, [NotNullWhen(true)] out string? node)
    {
        node = null;
        if (serverName is null || !serverName.EndsWith(NodeSuffix, StringComparison.OrdinalIgnoreCase))
            return false;
        var candidate = serverName[..^NodeSuffix.Length].ToLowerInvariant();
        if (!NodeName.IsValid(candidate))
            return false;
        node = candidate;
        return true;
    }

    /// <summary>Role and job in a name made by <see cref="Job"/>. Neither holds a dot; both are checked to be DNS labels.</summary>
    public static bool TryParseJob(string? serverName, [NotNullWhen(true)] out string? role, [NotNullWhen(true)] out string? jobId)
    {
        role = jobId = null;
        if (serverName is null || !serverName.EndsWith(JobSuffix, StringComparison.OrdinalIgnoreCase))
            return false;
        var parts = serverName[..^JobSuffix.Length].ToLowerInvariant().Split('.');
        if (parts.Length != 2 || !IsLabel(parts[0]) || !IsLabel(parts[1]))
            return false;
        (role, jobId) = (parts[0], parts[1]);
        return true;
    }

    private static bool IsLabel(string text) =>
        text.Length is > 0 and <= 63 && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
}
