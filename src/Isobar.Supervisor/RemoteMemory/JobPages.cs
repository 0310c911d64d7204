using System.Diagnostics;
using Isobar.Linux.Paging;
using Isobar.Linux.Processes;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Security;
using Isobar.Supervisor.Hosting;

namespace Isobar.Supervisor.RemoteMemory;

/// <summary>The pages of one job here that are in other machines' memory.</summary>
internal sealed class JobPages : IDisposable
{
    /// <summary>A rule asks again while memory is short; a move that waits does not wait for longer.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HomeWithin = TimeSpan.FromMinutes(5);
    private const long Reserve = 16 << 20;

    // Milliseconds.
    private const long SettlesWithin = 200;

    private readonly ClusterIdentity _identity;
    private readonly TransportOpening _opening;
    private readonly int _init;
    private readonly PageGuard _guard;
    private readonly Pager _pager;
    private readonly Dictionary<string, MemoryServerLink> _links = [];
    private readonly MakingRoom _room;
    private readonly Lock _pushing = new();
    private MemoryServerLink? _last;
    private volatile bool _isPushing;
    private long _pushed = -SettlesWithin;

    /// <exception cref="IOException">This machine cannot do it; the sentence says why.</exception>
    public JobPages(HostPlace here, string job, JobProcess process)
    {
        _identity = here.Identity ?? throw new IOException("this machine is in no cluster.");
        _opening = new TransportOpening(job, here.Incarnation, here.Node);
        _init = process.Init.Pid;
        _guard = new PageGuard(process.Init.PidFd);
        try
        {
            _room = new MakingRoom(MakeRoom, Tidy);
            _pager = new Pager(here.PagesDirectory ?? throw new IOException("this machine has no folder for pages."), _guard) { CameBack = _room.Look };
        }
        catch
        {
            _room?.Dispose();
            _guard.Dispose();
            throw;
        }
    }

    /// <summary>Pages are being taken, or just were: a process that its user has stopped seems not to be for moments, until it has come to stand again.</summary>
    public bool IsDisturbing => _isPushing || Environment.TickCount64 - Volatile.Read(ref _pushed) < SettlesWithin;

    /// <summary>What is where now.</summary>
    public PagesElsewhere Elsewhere
    {
        get
        {
            var counts = _pager.Counts;
            return new PagesElsewhere(
                new SortedDictionary<string, long>(_pager.Places.ToDictionary()),
                counts.Out,
                counts.Back,
                counts.BackFromDisk,
                counts.Faults,
                counts.Faults == 0 ? 0 : counts.FaultSeconds / counts.Faults * 1000,
                counts.LongestStandSeconds * 1000);
        }
    }

    /// <summary>Pushes pages to a node's memory for some seconds at most, and returns the bytes of memory that got free.</summary>
    /// <exception cref="IOException">Nothing could be pushed; the sentence says why.</exception>
    public async Task<long> PushAsync(PushPages order, Func<bool> mustStop, CancellationToken cancellationToken)
    {
        if (!_links.TryGetValue(order.Node, out var link) || link.IsGone)
        {
            link?.Dispose();
            _links.Remove(order.Node);
            _links[order.Node] = link = await MemoryServerLink.OpenAsync(_identity, order.Node, order.Address, _opening, cancellationToken).ConfigureAwait(false);
        }

        return await Task.Factory.StartNew(() => Push(order.Bytes, link, mustStop), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <summary>Brings all pages back and gives the watch up. Waits.</summary>
    /// <exception cref="IOException">There is no room for them, or they did not come.</exception>
    public void BringHome()
    {
        var bytes = _pager.Counts.Elsewhere * Page.Size;
        var free = _room.Memory.AvailableBytes;
        if (bytes > 0 && free < bytes + Reserve)
            throw new IOException($"{bytes >> 20} MiB of the job are in other machines' memory and must come back before it moves, but only {free >> 20} MiB are free here.");
        lock (_pushing)
            _last = null;
        _pager.BringHome(HomeWithin);
    }

    public void Dispose()
    {
        _room.End();
        lock (_pushing)
        {
            _last = null;
            _guard.Dispose();
            _pager.Dispose();
        }

        _room.Dispose();
        foreach (var link in _links.Values)
            link.Dispose();
    }

    // Forgets what has ended.
    private void Tidy()
    {
        if (!_pushing.TryEnter())
            return;
        try
        {
            _pager.Tidy();
        }
        finally
        {
            _pushing.Exit();
        }
    }

    // On a thread of its own: it traces.
    private long Push(long bytes, MemoryServerLink link, Func<bool> mustStop)
    {
        lock (_pushing)
        {
            _last = link;
            return Push(bytes, link, () => mustStop() || link.IsGone, Pager.MostAtOnce);
        }
    }

    // Pages come back faster than a rule looks: others go in their place, to the same server, or to the disk alone when it takes no more.
    private void MakeRoom(Func<bool> isEnough)
    {
        lock (_pushing)
        {
            if (_last is not { } link)
                return;
            try
            {
                Push(long.MaxValue, link, isEnough, Pager.MostAtOnce);
            }
            catch (IOException)
            {
                // Tried again with the next pages that come back.
            }
        }
    }

    private long Push(long bytes, MemoryServerLink link, Func<bool> mustStop, int most)
    {
        _isPushing = true;
        try
        {
            return PushEach(bytes, link, mustStop, most);
        }
        finally
        {
            Volatile.Write(ref _pushed, Environment.TickCount64);
            _isPushing = false;
        }
    }

    private long PushEach(long bytes, MemoryServerLink link, Func<bool> mustStop, int most)
    {
        var clock = Stopwatch.StartNew();
        long pushed = 0;
        Exception? failure = null;
        foreach (var pid in Processes().OrderByDescending(pid => ProcFs.Stat(pid)?.ResidentPages ?? 0))
        {
            // What was wanted back is passed over once.
            for (var nothing = 0; nothing < 2 && pushed < bytes && clock.Elapsed < AtOnce && !mustStop();)
            {
                try
                {
                    var taken = _pager.Take(Processes, pid, (int)Math.Clamp((bytes - pushed) >> Page.Shift, 1, most), link);
                    pushed += (long)(taken.Pages + taken.Empty) << Page.Shift;
                    nothing = taken.Pages + taken.Empty == 0 ? nothing + 1 : 0;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    failure = e;
                    break;
                }
            }
        }

        return pushed == 0 && failure is not null ? throw new IOException(failure.Message, failure) : pushed;
    }

    // The init reaps, and nothing else.
    private List<int> Processes() => [.. ProcessTree.Descend(_init).Skip(1)];
}
