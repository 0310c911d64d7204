using System.Net;
using System.Net.Sockets;
using Isobar.Linux.Fuse;

namespace Isobar.FileView.Bench;

/// <summary>The guest: shows the home's files until its input ends.</summary>
internal static class GuestProcess
{
    public static async Task RunAsync(string mountPoint, int port, string folder)
    {
        await using var mount = await FileViewMount.MountAsync(mountPoint, _ => ValueTask.FromResult(Connect(port, folder)));
        Console.WriteLine("mounted");
        await Console.In.ReadToEndAsync();
        Console.WriteLine(mount.Statistics);
    }

    private static Stream Connect(int port, string folder)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        return Tls.Client(socket, folder);
    }
}
