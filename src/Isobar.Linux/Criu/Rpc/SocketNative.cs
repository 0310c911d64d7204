using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu.Rpc;

/// <summary>UNIX sockets with descriptor passing (unix(7)); System.Net.Sockets cannot receive SCM_RIGHTS.</summary>
internal static unsafe partial class SocketNative
{
    public const int Stream = 1;
    public const int SequencedPacket = 5;

    private const int Unix = 1;
    private const int CloseOnExec = 0x80000;
    private const int NoSignal = 0x4000;
    private const int DescriptorsCloseOnExec = 0x40000000;
    private const int ShutDownBoth = 2;

    public static (SafeFileHandle Ours, SafeFileHandle Theirs) Pair()
    {
        var ends = stackalloc int[2];
        if (SocketPair(Unix, SequencedPacket | CloseOnExec, 0, ends) != 0)
            throw KernelException.Last("make a socket pair");
        return (new SafeFileHandle(ends[0], true), new SafeFileHandle(ends[1], true));
    }

    /// <summary>A listening stream socket at a path of at most 107 bytes.</summary>
    public static SafeFileHandle Listen(string path)
    {
        var socket = FileDescriptor.Own(Create(Unix, Stream | CloseOnExec, 0), "make a socket");
        var address = stackalloc byte[110];
        new Span<byte>(address, 110).Clear();
        *(ushort*)address = Unix;
        var length = System.Text.Encoding.UTF8.GetBytes(path, new Span<byte>(address + 2, 107));
        if (Bind(FileDescriptor.Number(socket), address, (uint)(length + 3)) == 0 && Listen(FileDescriptor.Number(socket), 4) == 0)
            return socket;
        var error = KernelException.Last("listen at", path);
        socket.Dispose();
        throw error;
    }

    public static SafeFileHandle Accept(SafeFileHandle listener)
        => FileDescriptor.Own(Accept4(FileDescriptor.Number(listener), null, null, CloseOnExec), "accept a connection");

    public static void ShutDown(SafeFileHandle socket) => _ = Shutdown(FileDescriptor.Number(socket), ShutDownBoth);

    /// <summary>False when the other side is gone.</summary>
    public static bool Send(SafeFileHandle socket, ReadOnlySpan<byte> message)
    {
        fixed (byte* start = message)
            return Send(FileDescriptor.Number(socket), start, message.Length, NoSignal) == message.Length;
    }

    /// <summary>Number of bytes received, 0 at the end or on an error. One descriptor may come along.</summary>
    public static int Receive(SafeFileHandle socket, Span<byte> buffer, out SafeFileHandle? descriptor)
    {
        // Room for one descriptor; should more come, the kernel closes them (MSG_CTRUNC).
        var control = stackalloc byte[24];
        descriptor = null;
        fixed (byte* start = buffer)
        {
            var vector = new IoVector { Start = start, Length = (nuint)buffer.Length };
            var header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 24 };
            nint count;
            do
            {
                count = ReceiveMessage(FileDescriptor.Number(socket), &header, DescriptorsCloseOnExec);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);

            if (count > 0 && header.ControlLength >= 20 && *(int*)(control + 8) == 1 && *(int*)(control + 12) == 1)
                descriptor = new SafeFileHandle(*(int*)(control + 16), true);
            return (int)Math.Max(count, 0);
        }
    }

    [LibraryImport(LibC.Name, EntryPoint = "socketpair", SetLastError = true)]
    private static partial int SocketPair(int domain, int type, int protocol, int* ends);

    [LibraryImport(LibC.Name, EntryPoint = "socket", SetLastError = true)]
    private static partial int Create(int domain, int type, int protocol);

    [LibraryImport(LibC.Name, EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int socket, byte* address, uint length);

    [LibraryImport(LibC.Name, EntryPoint = "listen", SetLastError = true)]
    private static partial int Listen(int socket, int backlog);

    [LibraryImport(LibC.Name, EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept4(int socket, byte* address, uint* length, int flags);

    [LibraryImport(LibC.Name, EntryPoint = "shutdown", SetLastError = true)]
    private static partial int Shutdown(int socket, int how);

    [LibraryImport(LibC.Name, EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte* buffer, nint length, int flags);

    [LibraryImport(LibC.Name, EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(int socket, MessageHeader* header, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
