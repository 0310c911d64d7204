using Isobar.Linux.Sockets;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Tests.Deputies;

/// <summary>Both ends of a link over a pair of sockets.</summary>
internal static class LinkPair
{
    public static (ResumableLink Deputy, ResumableLink Host) Create(int channels, bool isLocal = false)
    {
        var (one, other) = SocketPairs.Create();
        var (deputy, host) = (
            new ResumableLink(channels, TimeProvider.System) { IsLocal = isLocal }, new ResumableLink(channels, TimeProvider.System) { IsLocal = isLocal });
        _ = deputy.RunAsync(DescriptorSockets.Stream(one));
        _ = host.RunAsync(DescriptorSockets.Stream(other));
        return (deputy, host);
    }
}
