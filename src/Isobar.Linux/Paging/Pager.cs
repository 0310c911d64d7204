using System.Diagnostics;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Paging;

/// <summary>
/// Answers for the missing pages of a job's processes, on a thread of its own that waits for nothing but the kernel and the page servers. Pages go out by <see cref="PageOut"/>.
/// </summary>
/// <remarks>
/// Why nothing is lost. A page's entry is made while all threads of the job stand still and before its page is dropped (<see cref="PageOut"/>); until it is on the disk, its bytes are kept in memory. An entry is
/// taken away only by the kernel's word that its page was put in place, or by an event that says that the program gave the memory up. Events are read and carried out under one lock with all
/// else that looks at the tables, so no step is between an event's reading and its doing; and while an event has not been read, the kernel refuses to place pages
/// (EAGAIN, its <c>mmap_changing</c>), so that none gets to a place that is another's by now.
/// </remarks>
public sealed partial class Pager : IDisposable
{
    /// <summary>Pages that are fetched at once when one is touched: those that follow it and went out with it.</summary>
    private const int ReadAhead = 8;

    /// <summary>Pages that are fetched at once when all come home.</summary>
    private const int HomeRun = 64;

    // Empty pages cost no memory until they are written, only a fault each.
    private const ulong ZeroRun = 64 * 1024;
    private const int MostMessages = 16;
    private const int RetryMilliseconds = 1;
    private static readonly TimeSpan ClosesWithin = TimeSpan.FromSeconds(10);

    /// <summary>The most pages that <see cref="Take"/> takes.</summary>
    public const int MostAtOnce = PageOut.MostPages;

    private readonly Lock _gate = new();
    private readonly List<PagedSpace> _spaces = [];
    private readonly List<PagedSpace> _buried = [];
    private readonly List<IPageServer?> _servers = [null];
    private readonly Dictionary<uint, int> _fresh = [];
    private readonly PageSlots _slots;
    private readonly IPageGuard? _guard;
    private readonly SafeFileHandle _wake = FileDescriptor.Own(EventFd(0, LibC.OpenCloseOnExec | LibC.OpenNonBlocking), "make an event descriptor");
    private readonly AnonymousMemory _batch = new(PageOut.MostPages * Page.Size);
    private readonly AnonymousMemory _fetched = new(HomeRun * Page.Size);
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _home = new(false);
    private readonly ManualResetEventSlim _closed = new(false);
    private List<Fault> _retry = [];
    private PagerCounts _counts;
    private volatile bool _ends;
    private volatile bool _comesHome;
    private Exception? _failure;

    /// <summary>Called on the thread that answers, for each so many pages that came back: whoever has it may wait a little, and should see that others go.</summary>
    public Action? CameBack { get; init; }

    /// <param name="folder">A folder on a disk, for a file without a name.</param>
    /// <param name="guard">Who else holds the userfaultfds; null only where the processes may read zeros after this one's end.</param>
    /// <exception cref="PagingException">There can be no file.</exception>
    public Pager(string folder, IPageGuard? guard)
    {
        _guard = guard;
        _slots = new PageSlots(folder);
        _thread = new Thread(Run, 1 << 20) { IsBackground = true, Name = "pager" };
        _thread.Start();
    }

    /// <summary>What has been done so far.</summary>
    public PagerCounts Counts
    {
        get
        {
            lock (_gate)
                return _counts with { Elsewhere = _slots.InUse };
        }
    }

    /// <summary>Bytes that are in each server's memory; those that are on this machine's disk only have no name.</summary>
    public IReadOnlyDictionary<string, long> Places
    {
        get
        {
            lock (_gate)
            {
                var found = new SortedDictionary<string, long>(StringComparer.Ordinal);
                for (var server = 0; server < _servers.Count; server++)
                {
                    var name = _servers[server] is { IsGone: false } here ? here.Name : "";
                    if (_slots.CountOf((byte)server) is > 0 and var pages)
                        found[name] = found.GetValueOrDefault(name) + (pages * Page.Size);
                }

                return found;
            }
        }
    }

    /// <summary>Brings every page back and gives the watch up: afterwards nothing tells the processes from ones that never had pages elsewhere. Waits.</summary>
    /// <exception cref="PagingException">It did not come to an end; what is not back is still watched.</exception>
    public void BringHome(TimeSpan within)
    {
        _home.Reset();
        _comesHome = true;
        Wake();
        if (!_home.Wait(within))
        {
            _comesHome = false;
            throw new PagingException($"{Counts.Elsewhere * Page.Size >> 20} MiB of the job are still elsewhere after {within.TotalSeconds:0} s.", _failure);
        }

        _guard?.LetGo();
        _closed.Reset();
        lock (_gate)
        {
            if (_spaces.Count == 0)
                return;
            _buried.AddRange(_spaces);
            _spaces.Clear();
        }

        // A descriptor that is polled is closed only afterwards: who polls must do it.
        Wake();
        if (!_closed.Wait(ClosesWithin))
            throw new PagingException("The watch over the job's memory could not be given up.", _failure);
    }

    /// <summary>Forgets processes that have ended, and tells servers what they may forget. Not at the same time as pages go out.</summary>
    public void Tidy()
    {
        List<uint> freed;
        lock (_gate)
        {
            DropDead();
            freed = _slots.TakeFreed();
        }

        foreach (var (slot, count, server) in RunsOf(freed))
            server?.Drop(slot, count);
        lock (_gate)
            freed.ForEach(_slots.Return);
    }

    public void Dispose()
    {
        _ends = true;
        Wake();
        _thread.Join();
        foreach (var space in _spaces.Concat(_buried))
            space.Dispose();
        _slots.Dispose();
        _batch.Dispose();
        _fetched.Dispose();
        _wake.Dispose();
        _home.Dispose();
        _closed.Dispose();
    }

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
        Span<byte> messages = stackalloc byte[MostMessages * UserFault.MessageSize];
        var count = space.Fault.Read(messages);
        var now = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            var message = messages.Slice(i * UserFault.MessageSize, UserFault.MessageSize);
            var (first, second, third) = (BitConverter.ToUInt64(message[8..]), BitConverter.ToUInt64(message[16..]), BitConverter.ToUInt64(message[24..]));
            switch (message[0])
            {
                case UserFault.EventFault:
                    faults.Add(new Fault(space, second & ~(ulong)(Page.Size - 1), now));
                    break;
                case UserFault.EventFork:
                    Forked(space, (int)(uint)first);
                    break;
                case UserFault.EventRemap:
                    Remapped(space, first, second, third);
                    break;
                case UserFault.EventRemove when space.Going?.Contains((first, second)) == true:
                    // Ours: all threads of the process stand still, so it can be nobody else's.
                    break;
                case UserFault.EventRemove or UserFault.EventUnmap:
                    foreach (var (address, _) in space.Table.Within(first, second))
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

    // Under the lock: what can be answered at once is, the rest is fetched.
    private void Sort(Fault fault, List<Fault> wanted)
    {
        var space = fault.Space;
        if (space.IsDead)
            return;
        if (space.IsGoing(fault.Address))
        {
            AnswerWhileGoing(fault);
        }
        else if (space.Table.At(fault.Address) is not { } slot)
        {
            PlaceZero(fault);
        }
        else if (_fresh.TryGetValue(slot, out var offset))
        {
            if (Place(space, fault.Address, _batch.Span.Slice(offset, Page.Size)))
                CountFault(fault);
            else
                _retry.Add(fault);
        }
        else
        {
            wanted.Add(fault);
        }
    }

    // The page may be gone already, and the thread that is made to drop the others may be the one that waits for it: on its way back the kernel writes into the thread's own memory (rseq). If it is still
    // there the word is an old one, and its entry must stay.
    private void AnswerWhileGoing(Fault fault)
    {
        if (fault.Space.Table.At(fault.Address) is not { } slot || !_fresh.TryGetValue(slot, out var offset))
        {
            PlaceZero(fault);
        }
        else if (fault.Space.Fault.Copy(fault.Address, _batch.Span.Slice(offset, Page.Size), out _) == Placing.Done)
        {
            Forget(fault.Space, fault.Address);
            _counts = _counts with { Back = _counts.Back + 1 };
            CountFault(fault);
        }
        else
        {
            _retry.Add(fault);
        }
    }

    private void PlaceZero(Fault fault)
    {
        var end = (fault.Address & ~(ZeroRun - 1)) + ZeroRun;
        for (var length = end - fault.Address; ; length = Page.Size)
        {
            if (length > Page.Size && fault.Space.Table.Count > 0 && fault.Space.Table.Within(fault.Address, fault.Address + length).Count > 0)
                length = Page.Size;
            var placing = fault.Space.Fault.Zero(fault.Address, length, out var placed);
            if (placed > 0)
                return;
            switch (placing)
            {
                case Placing.Later or Placing.NoMemory:
                    _retry.Add(fault);
                    return;
                case Placing.NoPlace when length > Page.Size:
                    continue;
                case Placing.Gone:
                    fault.Space.IsDead = true;
                    return;
                default:
                    fault.Space.Fault.Wake(fault.Address, Page.Size);
                    return;
            }
        }
    }

    private void Forget(PagedSpace space, ulong address)
    {
        if (space.Table.Take(address) is { } slot)
            _slots.Release(slot);
    }

    private void DropDead()
    {
        foreach (var space in _spaces.Where(space => space.IsDead || !space.Fault.IsOfLiving).ToList())
        {
            foreach (var (address, _) in space.Table.Within(0, ulong.MaxValue))
                Forget(space, address);
            // Closed by the thread that polls it, before it polls again.
            space.IsDead = true;
            _spaces.Remove(space);
            _buried.Add(space);
        }

        Wake();
    }

    private IEnumerable<(uint Slot, int Count, IPageServer? Server)> RunsOf(List<uint> slots)
    {
        for (var i = 0; i < slots.Count;)
        {
            var (first, server) = (slots[i], _slots.ServerOf(slots[i]));
            var count = 1;
            while (i + count < slots.Count && slots[i + count] == first + count && _slots.ServerOf(slots[i + count]) == server)
                count++;
            yield return (first, count, _servers[server]);
            i += count;
        }
    }

    private void CountFault(Fault fault) => _counts = _counts with
    {
        Faults = _counts.Faults + 1,
        FaultSeconds = _counts.FaultSeconds + Stopwatch.GetElapsedTime(fault.Since).TotalSeconds,
    };

    [LibraryImport(LibC.Name, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint value, int flags);

    /// <summary>Somebody waits for a page.</summary>
    private readonly record struct Fault(PagedSpace Space, ulong Address, long Since);
}
