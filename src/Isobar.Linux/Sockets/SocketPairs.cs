using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Sockets;

/// <summary>Two connected UNIX stream sockets, close-on-exec.</summary>
public static unsafe partial class SocketPairs
{
    private const int Unix = 1;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;

    public static (SafeFileHandle One, SafeFileHandle Other) Create()
    {
        var ends = stackalloc int[2];
        if (Pair(Unix, Stream | CloseOnExec, 0, ends) != 0)
            throw KernelException.Last("make a pair of sockets");
        return (new SafeFileHandle(ends[0], true), new SafeFileHandle(ends[1], true));
    }

    [LibraryImport(LibC.Name, EntryPoint = "socketpair", SetLastError = true)]
    private static partial int Pair(int domain, int type, int protocol, int* ends);
}
