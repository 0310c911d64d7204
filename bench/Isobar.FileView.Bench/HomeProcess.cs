using System.Net;
using System.Net.Sockets;
using Isobar.Linux.Fuse;

namespace Isobar.FileView.Bench;

/// <summary>The home: prints its port and serves until its input ends.</summary>
internal static class HomeProcess
{
    public static async Task RunAsync(string root, string folder)
    {
        await using var server = new FileViewServer(root, new FileCredentials(0, 0, []));
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        new Thread(() => Accept(listener, server, folder)) { IsBackground = true }.Start();
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);
        await Console.In.ReadToEndAsync();
    }

    private static void Accept(Socket listener, FileViewServer server, string folder)
    {
        while (true)
        {
            var socket = listener.Accept();
            socket.NoDelay = true;
            new Thread(() => _ = server.ServeAsync(Tls.Server(socket, folder))) { IsBackground = true }.Start();
        }
    }
}
