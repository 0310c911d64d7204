using System.Buffers.Binary;
using System.Net.Sockets;

namespace Isobar.Protocol.Links;

/// <summary>
/// The kernel breaks a connection whose other side does not answer: TCP alone would try for a quarter of an hour. Unlike pings of a program's own it wakes up nobody.
/// </summary>
public static class TcpSilence
{
    // tcp(7).
    private const int Tcp = 6;
    private const int UserTimeout = 18;

    /// <summary>What is sent and not acknowledged for so long ends the connection, and so does silence: after <paramref name="askAfter"/> of it the kernel asks, each <paramref name="askEvery"/>.</summary>
    /// <param name="socket">A TCP socket.</param>
    /// <param name="breaksAfter">Milliseconds count.</param>
    /// <param name="askAfter">Whole seconds, at least one.</param>
    /// <param name="askEvery">Whole seconds, at least one.</param>
    public static void Notice(Socket socket, TimeSpan breaksAfter, TimeSpan askAfter, TimeSpan askEvery)
    {
        Span<byte> milliseconds = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(milliseconds, (int)breaksAfter.TotalMilliseconds);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)askAfter.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)askEvery.TotalSeconds);
        socket.SetRawSocketOption(Tcp, UserTimeout, milliseconds);
    }
}
