using System.Net.Sockets;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Sockets;

/// <summary>Passing open files over UNIX sockets (SCM_RIGHTS, unix(7)), and knowing who is at the other end.</summary>
public static unsafe class DescriptorPassing
{
    private const int MostDescriptors = 8;
    private static readonly int HeaderSize = sizeof(ControlHeader);

    /// <summary>Sends bytes (all of them: a UNIX socket takes a short message whole) with descriptors. Blocks if the peer does not read.</summary>
    public static void Send(int socket, ReadOnlySpan<byte> bytes, params ReadOnlySpan<int> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, MostDescriptors);
        var control = stackalloc byte[ControlSpace(MostDescriptors)];
        fixed (byte* data = bytes)
        {
            var vector = new IoVector { Base = data, Length = (nuint)bytes.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (descriptors.Length > 0)
            {
                var header = (ControlHeader*)control;
                header->Length = (nuint)(HeaderSize + (descriptors.Length * sizeof(int)));
                header->Level = SocketNative.SolSocket;
                header->Type = SocketNative.Rights;
                descriptors.CopyTo(new Span<int>(control + HeaderSize, descriptors.Length));
                message.Control = control;
                message.ControlLength = (nuint)ControlSpace(descriptors.Length);
            }

            nint sent;
            while ((sent = SocketNative.SendMessage(socket, &message, SocketNative.NoSignal)) < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted)
            {
            }

            if (sent < 0)
                throw KernelException.Last("pass a descriptor");
            if (sent != bytes.Length)
                throw new KernelException("pass a descriptor whole", null, Errno.TryAgain);
        }
    }

    /// <summary>Receives bytes and whatever descriptors came with them (close-on-exec); 0 bytes means that the peer is gone.</summary>
    public static int Receive(int socket, Span<byte> bytes, out SafeFileHandle[] descriptors)
    {
        descriptors = [];
        var control = stackalloc byte[ControlSpace(MostDescriptors)];
        fixed (byte* data = bytes)
        {
            var vector = new IoVector { Base = data, Length = (nuint)bytes.Length };
            var message = new MessageHeader
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = (nuint)ControlSpace(MostDescriptors),
            };
            nint received;
            while ((received = SocketNative.ReceiveMessage(socket, &message, SocketNative.CloseOnExec)) < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted)
            {
            }

            if (received < 0)
                throw KernelException.Last("receive a descriptor");
            var header = (ControlHeader*)control;
            if (message.ControlLength >= (nuint)HeaderSize && header->Level == SocketNative.SolSocket && header->Type == SocketNative.Rights)
            {
                var numbers = new ReadOnlySpan<int>(control + HeaderSize, (int)(header->Length - (nuint)HeaderSize) / sizeof(int));
                descriptors = new SafeFileHandle[numbers.Length];
                for (var i = 0; i < numbers.Length; i++)
                    descriptors[i] = new SafeFileHandle(numbers[i], ownsHandle: true);
            }

            return (int)received;
        }
    }

    /// <summary>Who connected to (or listens at) the other end of a UNIX socket, as the kernel knows it.</summary>
    public static (int Pid, uint Uid, uint Gid) Peer(Socket socket)
    {
        var credentials = stackalloc int[3];
        var length = 3 * sizeof(int);
        if (SocketNative.GetOption((int)socket.Handle, SocketNative.SolSocket, SocketNative.PeerCredentials, credentials, &length) != 0)
            throw KernelException.Last("ask who is at the other end of a socket");
        return (credentials[0], (uint)credentials[1], (uint)credentials[2]);
    }

    private static int ControlSpace(int descriptors)
    {
        var align = sizeof(nuint) - 1;
        return HeaderSize + (((descriptors * sizeof(int)) + align) & ~align);
    }
}
