using Isobar.Linux.Sockets;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Tests.Deputies;

/// <summary>Both ends of a link over a pair of sockets.</summary>
internal static class LinkPair
{
    public static (ResumableLink Deputy, ResumableLink Host) Create(int channels)
    {
        var (one, other) = SocketPairs.Create();
        var (deputy, host) = (new ResumableLink(channels, TimeProvider.System), new ResumableLink(channels, TimeProvider.System));
        _ = deputy.RunAsync(DescriptorSockets.Stream(one));
        _ = host.RunAsync(DescriptorSockets.Stream(other));
        return (deputy, host);
    }
}
