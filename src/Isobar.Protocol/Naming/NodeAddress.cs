using System.Globalization;
using System.Net;
using Isobar.Protocol.Cluster;

namespace Isobar.Protocol.Naming;

/// <summary>Where a node listens: a host (name or IP address) and a TCP port. Written host:port, IPv6 in brackets.</summary>
public readonly record struct NodeAddress(string Host, int Port)
{
    /// <summary>The port of a node when none is said. Its store takes the two after it.</summary>
    public const int DefaultPort = 7700;

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>The same with another port: 1 further for the store's peers, 2 further for its clients.</summary>
    public NodeAddress Shifted(int ports) => this with { Port = Port + ports };

    public Uri Https => new UriBuilder(Uri.UriSchemeHttps, Host, Port).Uri;

    public DnsEndPoint EndPoint => new(Host, Port);

    /// <exception cref="ClusterException">Not of the form HOST or HOST:PORT.</exception>
    public static NodeAddress Parse(string text)
    {
        var (host, port) = Split(text);
        if (host.Length == 0 || Uri.CheckHostName(host.Contains(':') ? $"[{host}]" : host) == UriHostNameType.Unknown)
            throw Wrong(text);
        if (port is null)
            return new NodeAddress(host, DefaultPort);
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= ushort.MaxValue - 2
            ? new NodeAddress(host, number)
            : throw Wrong(text);
    }

    private static (string Host, string? Port) Split(string text)
    {
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0 || (end + 1 < text.Length && text[end + 1] != ':'))
                throw Wrong(text);
            return (text[1..end], end + 1 == text.Length ? null : text[(end + 2)..]);
        }
        if (IPAddress.TryParse(text, out _) && text.Contains(':'))
            return (text, null);
        var colon = text.LastIndexOf(':');
        return colon < 0 ? (text, null) : (text[..colon], text[(colon + 1)..]);
    }

    private static ClusterException Wrong(string text) =>
        new($"\"{text}\" is no address of a node: write HOST or HOST:PORT, for example 192.0.2.10:{DefaultPort}.");
}
