namespace Isobar.Node.Listening;

/// <summary>From where a service may be called. Endpoint metadata; a service without it can be called by nobody.</summary>
public enum Access
{
    /// <summary>The local socket, by any user; the service itself looks at <see cref="PeerCredentials"/>.</summary>
    Local,

    /// <summary>A member of the roster, over mutual TLS.</summary>
    Members,

    /// <summary>Anybody who reaches the port, without a client certificate.</summary>
    Anybody,
}

/// <summary>See <see cref="Access"/>.</summary>
public sealed record AccessRule(Access From);

public static class AccessExtensions
{
    /// <summary>Says from where a mapped service may be called.</summary>
    public static TBuilder From<TBuilder>(this TBuilder builder, Access access)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new AccessRule(access)));
        return builder;
    }
}
