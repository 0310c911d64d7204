using System.Buffers.Binary;
using Isobar.Linux.Kernel;
using Isobar.Linux.Paging.Tracing;
using Isobar.Linux.Processes;
using Isobar.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Paging;

/// <summary>
/// Gets a userfaultfd of a running process. The kernel makes one only for the memory of the caller, so the process itself has to ask, by calls that are put into it; and where
/// <c>vm.unprivileged_userfaultfd</c> is 0, as it is by default, only root may ask for one that works in kernel mode. So the process is lent <c>/dev/userfaultfd</c> (Linux 6.1), opened by root, over a
/// pair of sockets. All that it got for it is closed before it goes on; what is left is a descriptor of ours.
/// </summary>
internal static class UserFaultMaker
{
    private const string Device = "/dev/userfaultfd";
    private const uint NewCall = 0xaa00;
    private const ulong CloseOnExecNonBlocking = 0x80800;

    private const int SysMmap = 9;
    private const int SysMunmap = 11;
    private const int SysIoctl = 16;
    private const int SysSocketPair = 53;
    private const int SysReceiveMessage = 47;
    private const int SysClose = 3;

    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private const ulong NoDescriptor = unchecked((ulong)-1);
    private const int UnixFamily = 1;
    private const int DatagramCloseOnExec = 0x80002;
    private const int ReceiveCloseOnExec = 0x40000000;

    // In the scratch page: two descriptors, a byte to receive, struct msghdr, its vector, its control buffer.
    private const int PairAt = 0;
    private const int ByteAt = 16;
    private const int HeaderAt = 64;
    private const int VectorAt = 128;
    private const int ControlAt = 192;
    private const int ControlLength = 24;
    private const int ScratchLength = 4096;

    /// <exception cref="PagingException">This process, or this machine, does not allow it.</exception>
    /// <exception cref="ProcessGoneException">The process has just ended.</exception>
    public static UserFault Make(StandingProcesses standing, int pid, ulong instruction)
    {
        using var device = OpenDevice();
        using var process = PidFd.TryOpen(pid) ?? throw new ProcessGoneException();
        try
        {
            using var calls = ForeignCalls.Begin(standing, pid, instruction);
            var fault = new UserFault(Ask(calls, process, device, pid));
            try
            {
                fault.Agree();
                return fault;
            }
            catch
            {
                fault.Dispose();
                throw;
            }
        }
        catch (KernelException e)
        {
            throw new PagingException($"Process {pid} could not be given a userfaultfd: {e.Message}", e);
        }
    }

    private static SafeFileHandle OpenDevice()
    {
        try
        {
            return FileDescriptor.Open(Device, 2);
        }
        catch (KernelException e)
        {
            throw new PagingException($"{Device} cannot be opened (it needs Linux 6.1 or newer, and root): pages of jobs cannot be in other machines' memory here.", e);
        }
    }

    private static SafeFileHandle Ask(ForeignCalls calls, SafeFileHandle process, SafeFileHandle device, int pid)
    {
        var opened = new Stack<int>();
        var scratch = (ulong)calls.CallOrThrow("map a page", SysMmap, 0, ScratchLength, ReadWrite, PrivateAnonymous, NoDescriptor);
        try
        {
            _ = calls.CallOrThrow("make sockets", SysSocketPair, UnixFamily, DatagramCloseOnExec, 0, scratch + PairAt);
            Span<byte> pair = stackalloc byte[8];
            ForeignMemory.ReadExactly(pid, scratch + PairAt, pair);
            var (theirs, ours) = (BinaryPrimitives.ReadInt32LittleEndian(pair), BinaryPrimitives.ReadInt32LittleEndian(pair[4..]));
            opened.Push(theirs);
            opened.Push(ours);
            using (var end = Take(process, ours))
                DescriptorPassing.Send(FileDescriptor.Number(end), [0], FileDescriptor.Number(device));
            var lent = Receive(calls, pid, scratch, theirs);
            opened.Push(lent);
            var made = (int)calls.CallOrThrow("make a userfaultfd", SysIoctl, (ulong)lent, NewCall, CloseOnExecNonBlocking);
            opened.Push(made);
            return Take(process, made);
        }
        finally
        {
            while (opened.TryPop(out var fd))
                _ = calls.Call(SysClose, (ulong)fd);
            _ = calls.Call(SysMunmap, scratch, ScratchLength);
        }
    }

    private static int Receive(ForeignCalls calls, int pid, ulong scratch, int socket)
    {
        Span<byte> page = stackalloc byte[ControlAt + ControlLength];
        page.Clear();
        // struct msghdr: name, its length, vectors, their count, control, its length, flags.
        BinaryPrimitives.WriteUInt64LittleEndian(page[(HeaderAt + 16)..], scratch + VectorAt);
        BinaryPrimitives.WriteUInt64LittleEndian(page[(HeaderAt + 24)..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(page[(HeaderAt + 32)..], scratch + ControlAt);
        BinaryPrimitives.WriteUInt64LittleEndian(page[(HeaderAt + 40)..], ControlLength);
        BinaryPrimitives.WriteUInt64LittleEndian(page[VectorAt..], scratch + ByteAt);
        BinaryPrimitives.WriteUInt64LittleEndian(page[(VectorAt + 8)..], 1);
        ForeignMemory.Write(pid, scratch, page);
        _ = calls.CallOrThrow("receive a descriptor", SysReceiveMessage, (ulong)socket, scratch + HeaderAt, ReceiveCloseOnExec);
        Span<byte> control = stackalloc byte[ControlLength];
        ForeignMemory.ReadExactly(pid, scratch + ControlAt, control);
        // struct cmsghdr: length, level, type; then the number.
        var length = BinaryPrimitives.ReadUInt64LittleEndian(control);
        return length >= 20 ? BinaryPrimitives.ReadInt32LittleEndian(control[16..]) : throw new KernelException("have a process receive a descriptor", null, Errno.TooManyOpenFiles);
    }

    private static SafeFileHandle Take(SafeFileHandle process, int fd) => FileDescriptor.Own(TraceNative.GetDescriptor(FileDescriptor.Number(process), fd), "take a descriptor of a process");
}
