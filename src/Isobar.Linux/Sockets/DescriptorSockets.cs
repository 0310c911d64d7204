using System.Net.Sockets;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Sockets;

/// <summary>Descriptors that are sockets, as the runtime's sockets.</summary>
public static class DescriptorSockets
{
    /// <summary>The socket takes the descriptor over; the handle given is empty afterwards.</summary>
    public static Socket Take(SafeFileHandle handle)
    {
        var socket = new Socket(new SafeSocketHandle(FileDescriptor.Number(handle), ownsHandle: true))
        {
            // The runtime of the process that it came from had made the open file non-blocking; here synchronous reads must wait.
            Blocking = true,
        };
        handle.SetHandleAsInvalid();
        return socket;
    }

    /// <summary>A stream on the socket that owns it.</summary>
    public static NetworkStream Stream(SafeFileHandle handle) => new(Take(handle), ownsSocket: true);
}
