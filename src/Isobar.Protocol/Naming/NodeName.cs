using System.Diagnostics.CodeAnalysis;
using Isobar.Protocol.Cluster;

namespace Isobar.Protocol.Naming;

/// <summary>
/// The name of a member: a lower case DNS label (RFC 1123), 1 to 40 characters. No dots, because names of jobs and of TLS servers are made from it.
/// </summary>
public static class NodeName
{
    /// <summary>Leaves room for "-" and a job number inside one DNS label of 63.</summary>
    public const int MaxLength = 40;

    public static bool IsValid([NotNullWhen(true)] string? name)
    {
        if (name is not { Length: > 0 and <= MaxLength } || name[0] == '-' || name[^1] == '-')
            return false;
        foreach (var c in name)
        {
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-'))
                return false;
        }
        return true;
    }

    /// <exception cref="ClusterException">The name is no valid one.</exception>
    public static string Require(string name) => IsValid(name)
        ? name
        : throw new ClusterException($"\"{name}\" cannot be the name of a node: use 1 to {MaxLength} characters of a-z, 0-9 and -, not - at an end (option --name).");

    /// <summary>The name that a machine gets from its host name: the first label, lower case, other characters as "-".</summary>
    public static string FromHostName(string hostName)
    {
        var label = hostName.Split('.', 2)[0];
        var cleaned = string.Concat(label.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-')).Trim('-');
        if (cleaned.Length > MaxLength)
            cleaned = cleaned[..MaxLength].TrimEnd('-');
        return cleaned.Length == 0 ? "node" : cleaned;
    }
}
