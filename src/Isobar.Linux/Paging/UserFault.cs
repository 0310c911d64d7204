using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Paging;

/// <summary>What came of asking the kernel for pages to be put into a process.</summary>
internal enum Placing
{
    Done,

    /// <summary>The process is changing its memory, and has not been heard out yet: its events are to be read first.</summary>
    Later,

    /// <summary>There is a page already.</summary>
    Present,

    /// <summary>There is no watched memory any more.</summary>
    NoPlace,

    /// <summary>The process, or the program that it was, is gone.</summary>
    Gone,

    /// <summary>No memory.</summary>
    NoMemory,
}

/// <summary>
/// A userfaultfd(2) of another process's memory: its missing pages are asked for here. Of a fault in kernel mode, too (a read(2) into such a page), which
/// UFFD_USER_MODE_ONLY would turn into an error of the program.
/// </summary>
internal sealed unsafe partial class UserFault(SafeFileHandle handle) : IDisposable
{
    // _IOWR(0xAA, n, struct) of uapi/linux/userfaultfd.h.
    private const uint ApiCall = 0xc018aa3f;
    private const uint RegisterCall = 0xc020aa00;
    private const uint WakeCall = 0x8010aa02;
    private const uint CopyCall = 0xc028aa03;
    private const uint ZeroCall = 0xc020aa04;

    private const ulong ApiVersion = 0xaa;
    // Fork, remap, remove, unmap: without them a page could be given to a place that it no longer belongs to.
    private const ulong Features = (1 << 1) | (1 << 2) | (1 << 3) | (1 << 6);
    private const ulong Missing = 1;
    private const ulong LastPage = 0x7fff_ffff_e000;

    public SafeFileHandle Handle => handle;

    /// <summary>Agrees with the kernel on what is told.</summary>
    /// <exception cref="PagingException">This kernel, or this container, does not allow it.</exception>
    public void Agree()
    {
        var api = stackalloc ulong[3];
        (api[0], api[1], api[2]) = (ApiVersion, Features, 0);
        if (Control(FileDescriptor.Number(handle), ApiCall, api) != 0)
            throw new PagingException("The kernel does not tell of changes in a process's memory: that needs Linux 4.14 and CAP_SYS_PTRACE.", KernelException.Last("agree on a userfaultfd"));
    }

    /// <summary>Watches an area for missing pages; false when it is of a kind that cannot be watched.</summary>
    public bool Register(ulong start, ulong end)
    {
        var request = stackalloc ulong[4];
        (request[0], request[1], request[2], request[3]) = (start, end - start, Missing, 0);
        return Control(FileDescriptor.Number(handle), RegisterCall, request) == 0;
    }

    /// <summary>Lets those go on who wait for these pages; they look again.</summary>
    public void Wake(ulong start, ulong length)
    {
        var request = stackalloc ulong[2];
        (request[0], request[1]) = (start, length);
        _ = Control(FileDescriptor.Number(handle), WakeCall, request);
    }

    /// <summary>Puts pages there; those who wait for them go on.</summary>
    /// <param name="at">The first address.</param>
    /// <param name="pages">What shall be there.</param>
    /// <param name="placed">How many bytes are there now, also when not all.</param>
    public Placing Copy(ulong at, ReadOnlySpan<byte> pages, out int placed)
    {
        fixed (byte* source = pages)
        {
            var request = stackalloc ulong[5];
            (request[0], request[1], request[2], request[3], request[4]) = (at, (ulong)source, (ulong)pages.Length, 0, 0);
            var result = Outcome(Control(FileDescriptor.Number(handle), CopyCall, request));
            placed = (int)Math.Max(0, (long)request[4]);
            return result;
        }
    }

    /// <summary>Puts the zero page there, which takes no memory; a write makes it an own one.</summary>
    public Placing Zero(ulong at, ulong length, out ulong placed)
    {
        var request = stackalloc ulong[4];
        (request[0], request[1], request[2], request[3]) = (at, length, 0, 0);
        var result = Outcome(Control(FileDescriptor.Number(handle), ZeroCall, request));
        placed = (ulong)Math.Max(0, (long)request[3]);
        return result;
    }

    /// <summary>Whether the memory that it watches is still that of a process.</summary>
    // At the last page of the address space, at most a stack, there is nothing to be placed; the kernel looks whether there is a process first.
    public bool IsOfLiving => Zero(LastPage, Page.Size, out _) != Placing.Gone;

    /// <summary>Reads messages; the number, 0 when there are none now.</summary>
    public int Read(Span<UserFaultMessage> messages)
    {
        fixed (UserFaultMessage* start = messages)
        {
            var length = LibC.Read(FileDescriptor.Number(handle), (byte*)start, messages.Length * sizeof(UserFaultMessage));
            return length <= 0 ? 0 : (int)length / sizeof(UserFaultMessage);
        }
    }

    public void Dispose() => handle.Dispose();

    private static Placing Outcome(int result) => result == 0 ? Placing.Done : Marshal.GetLastPInvokeError() switch
    {
        Errno.TryAgain => Placing.Later,
        Errno.Exists => Placing.Present,
        Errno.NoProcess => Placing.Gone,
        Errno.NoMemory => Placing.NoMemory,
        _ => Placing.NoPlace,
    };

    [LibraryImport(LibC.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int fd, nuint request, void* argument);
}
