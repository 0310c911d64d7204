using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Native;

/// <summary>Blocking transfers on a connected socket.</summary>
internal static partial class SocketCalls
{
    public const int NoSignal = 0x4000;
    public const short Readable = 1;
    public const short Writable = 4;

    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "recv", SetLastError = true)]
    internal static partial nint Receive(SafeSocketHandle socket, ref byte buffer, nint size, int flags);

    [LibraryImport(C, EntryPoint = "send", SetLastError = true)]
    internal static partial nint Send(SafeSocketHandle socket, in byte buffer, nint size, int flags);

    [LibraryImport(C, EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(ref PollDescriptor descriptor, nuint count, int milliseconds);
}

/// <summary><c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor
{
    public int Descriptor;
    public short Wanted;
    public short Found;
}
