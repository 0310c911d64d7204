using System.Runtime.InteropServices;
using System.Text;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Sockets;

/// <summary>
/// A listening UNIX socket to be given to another process. Not the runtime's Socket, which removes the socket's name from the file system when it is
/// disposed, also when another process listens there by then.
/// </summary>
public static unsafe partial class UnixListener
{
    private const int Unix = 1;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;
    private const int LongestPath = 107;

    public static SafeFileHandle Create(string path, int backlog)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length > LongestPath)
            throw new KernelException("listen at", path, Errno.NameTooLong);
        var handle = FileDescriptor.Own(NewSocket(Unix, Stream | CloseOnExec, 0), "make a socket");
        var address = stackalloc byte[110];
        new Span<byte>(address, 110).Clear();
        *(ushort*)address = Unix;
        name.CopyTo(new Span<byte>(address + 2, LongestPath));
        if (BindTo(FileDescriptor.Number(handle), address, (uint)(2 + name.Length + 1)) != 0 || ListenOn(FileDescriptor.Number(handle), backlog) != 0)
        {
            var failure = KernelException.Last("listen at", path);
            handle.Dispose();
            throw failure;
        }

        return handle;
    }

    [LibraryImport(LibC.Name, EntryPoint = "socket", SetLastError = true)]
    private static partial int NewSocket(int domain, int type, int protocol);

    [LibraryImport(LibC.Name, EntryPoint = "bind", SetLastError = true)]
    private static partial int BindTo(int fd, byte* address, uint length);

    [LibraryImport(LibC.Name, EntryPoint = "listen", SetLastError = true)]
    private static partial int ListenOn(int fd, int backlog);
}
