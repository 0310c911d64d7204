using System.Net;
using System.Net.Sockets;
using Isobar.Node.Hosting;
using Isobar.Protocol.Naming;

namespace Isobar.Node.Membership;

/// <summary>Finds out where other machines reach this one.</summary>
internal static class AdvertisedAddress
{
    /// <summary>RFC 5737's documentation network: never reached, only asked of the routing table.</summary>
    private static readonly IPEndPoint Anywhere = new(IPAddress.Parse("192.0.2.1"), 9);

    /// <param name="options">--advertise wins, then a --listen at one address.</param>
    /// <param name="towards">The machine that is to reach us, if one is known: the route to it tells our address.</param>
    public static NodeAddress Choose(DaemonOptions options, IPEndPoint? towards = null)
    {
        if (options.Advertise is { } said)
            return said;
        var listen = options.Listen;
        if (!listen.Address.Equals(IPAddress.Any) && !listen.Address.Equals(IPAddress.IPv6Any))
            return new NodeAddress(listen.Address.ToString(), listen.Port);
        return new NodeAddress((SourceTowards(towards ?? Anywhere) ?? IPAddress.Loopback).ToString(), listen.Port);
    }

    /// <summary>The address that the kernel would send from: connecting a UDP socket sends nothing.</summary>
    private static IPAddress? SourceTowards(IPEndPoint destination)
    {
        try
        {
            using var socket = new Socket(destination.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(destination);
            return ((IPEndPoint)socket.LocalEndPoint!).Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
