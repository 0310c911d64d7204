using System.Diagnostics;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Paging;

// What the kernel tells, and the thread that hears it.
public sealed partial class Pager
{
    private const int MostMessages = 16;

    private unsafe void Wake()
    {
        ulong one = 1;
        _ = LibC.Write(FileDescriptor.Number(_wake), (byte*)&one, sizeof(ulong));
    }

    private void Run()
    {
        while (!_ends)
        {
            try
            {
                Step();
            }
            catch (Exception e)
            {
                // The last line of defence: without this thread the job would wait for ever.
                _failure = e;
                Thread.Sleep(RetryMilliseconds * 100);
            }
        }
    }

    private void Step()
    {
        List<PagedSpace> spaces;
        lock (_gate)
        {
            if (_buried.Count > 0)
            {
                _buried.ForEach(static space => space.Dispose());
                _buried.Clear();
                _closed.Set();
            }

            spaces = [.. _spaces];
        }

        Wait(spaces);
        List<Fault> heard = [];
        try
        {
            var wanted = new List<Fault>();
            lock (_gate)
            {
                (heard, _retry) = (_retry, heard);
                foreach (var space in spaces)
                    Hear(space, heard);
                foreach (var fault in heard)
                    Sort(fault, wanted);
            }

            if (wanted.Count > 0)
                Fetch(wanted, ReadAhead);
            else if (_comesHome && _retry.Count == 0)
                BringSome();
        }
        catch
        {
            // Whatever went wrong, nobody who waits is forgotten; who has been answered already is only woken once more.
            lock (_gate)
                _retry = heard;
            throw;
        }

        Tell();
    }

    private unsafe void Wait(List<PagedSpace> spaces)
    {
        Span<PollFd> polled = spaces.Count < 64 ? stackalloc PollFd[spaces.Count + 1] : new PollFd[spaces.Count + 1];
        polled[0] = new PollFd { Fd = FileDescriptor.Number(_wake), Events = PollFd.In };
        for (var i = 0; i < spaces.Count; i++)
            polled[i + 1] = new PollFd { Fd = FileDescriptor.Number(spaces[i].Fault.Handle), Events = PollFd.In };
        fixed (PollFd* start = polled)
            _ = LibC.Poll(start, (nuint)polled.Length, _comesHome && _retry.Count == 0 ? 0 : _retry.Count > 0 ? RetryMilliseconds : -1);
        if (polled[0].Returned == 0)
            return;
        ulong count;
        _ = LibC.Read(FileDescriptor.Number(_wake), (byte*)&count, sizeof(ulong));
    }

    private void Hear(PagedSpace space, List<Fault> faults)
    {
        Span<UserFaultMessage> messages = stackalloc UserFaultMessage[MostMessages];
        var count = space.Fault.Read(messages);
        var now = Stopwatch.GetTimestamp();
        foreach (var message in messages[..count])
        {
            switch (message.Event)
            {
                case UserFaultMessage.Fault:
                    faults.Add(new Fault(space, message.Address & ~(ulong)(Page.Size - 1), now));
                    break;
                case UserFaultMessage.Fork:
                    Forked(space, message.Child);
                    break;
                case UserFaultMessage.Remap:
                    Remapped(space, message.From, message.To, message.Length);
                    break;
                case UserFaultMessage.Remove when space.Going?.Contains((message.Start, message.End)) == true:
                    // Ours: all threads of the process stand still, so it can be nobody else's.
                    break;
                case UserFaultMessage.Remove or UserFaultMessage.Unmap:
                    foreach (var (address, _) in space.Table.Within(message.Start, message.End))
                        Forget(space, address);
                    break;
                default:
                    break;
            }
        }
    }

    private void Forked(PagedSpace parent, int fd)
    {
        var fault = new UserFault(new SafeFileHandle(fd, ownsHandle: true));
        var child = new PagedSpace(fault, parent.Table.Copy(), 0);
        foreach (var (_, slot) in child.Table.Within(0, ulong.MaxValue))
            _slots.Share(slot);
        _spaces.Add(child);
        Guard(fault);
    }

    private static void Remapped(PagedSpace space, ulong from, ulong to, ulong length)
    {
        var moved = space.Table.Within(from, from + length);
        foreach (var (address, _) in moved)
            space.Table.Take(address);
        foreach (var (address, slot) in moved)
            space.Table.Set(address - from + to, slot);
    }

    private void Guard(UserFault fault)
    {
        try
        {
            _guard?.Hold(fault.Handle);
        }
        catch (IOException e)
        {
            // The one that held them has gone; whoever started it starts another.
            _failure = e;
        }
    }

    [LibraryImport(LibC.Name, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint value, int flags);
}
