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
    private readonly AnonymousMemory _fetched = new(IPageServer.MostPages * Page.Size);
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
}
