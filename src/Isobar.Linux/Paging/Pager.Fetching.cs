namespace Isobar.Linux.Paging;

// How pages come back.
public sealed partial class Pager
{
    /// <summary>Pages that are fetched at once when one is touched: those that follow it and went out with it.</summary>
    private const int ReadAhead = 8;

    // 256 KiB.
    private const int TellEvery = 64;
    private int _sinceTold;

    private readonly record struct PageRun(PagedSpace Space, ulong Address, uint Slot, int Pages, byte Server, Fault? For);

    private void Fetch(List<Fault> faults, int most)
    {
        var runs = new List<PageRun>();
        lock (_gate)
        {
            var covered = new HashSet<(PagedSpace, ulong)>();
            foreach (var fault in faults)
            {
                if (covered.Contains((fault.Space, fault.Address)))
                {
                    // Comes along with another's; should it not, it is asked for again.
                    _retry.Add(fault);
                    continue;
                }

                if (RunAt(fault.Space, fault.Address, most) is not { } run)
                    continue;
                runs.Add(run with { For = fault });
                for (var i = 0; i < run.Pages; i++)
                    covered.Add((run.Space, run.Address + ((ulong)i << Page.Shift)));
            }
        }

        Fetch(runs);
    }

    /// <summary>All questions go out before the first answer is awaited.</summary>
    private void Fetch(List<PageRun> runs)
    {
        var asked = new IPageServer?[runs.Count];
        for (var i = 0; i < runs.Count; i++)
        {
            if (_servers[runs[i].Server] is { IsGone: false } server && server.Ask(runs[i].Slot, runs[i].Pages))
                asked[i] = server;
        }

        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs[i];
            var pages = _fetched.Span[..(run.Pages * Page.Size)];
            var isFromDisk = asked[i]?.Receive(run.Slot, pages) != true;
            if (!isFromDisk || TryRead(run, pages))
                Arrive(run, pages, isFromDisk);
            _sinceTold += run.Pages;
        }
    }

    // When all who waited have their pages: whoever is told may take his time.
    private void Tell()
    {
        if (_sinceTold < TellEvery || _comesHome)
            return;
        _sinceTold = 0;
        CameBack?.Invoke();
    }

    // A disk that does not give a page is asked again: the job waits rather than go on with a wrong one. The answers of servers are taken all the same.
    private bool TryRead(PageRun run, Span<byte> pages)
    {
        try
        {
            _slots.Read(run.Slot, pages);
            return true;
        }
        catch (IOException e)
        {
            _failure = e;
            lock (_gate)
            {
                if (run.For is { } fault)
                    _retry.Add(fault);
            }

            Thread.Sleep(RetryMilliseconds);
            return false;
        }
    }

    private void Arrive(PageRun run, ReadOnlySpan<byte> pages, bool isFromDisk)
    {
        lock (_gate)
        {
            var before = _counts.Back;
            run.Space.Touch(run.Address);
            for (var i = 0; i < run.Pages;)
            {
                // What the program has given up meanwhile is not brought; what stands elsewhere now is asked for there.
                var count = 0;
                while (i + count < run.Pages && run.Space.Table.At(run.Address + ((ulong)(i + count) << Page.Shift)) == run.Slot + i + count)
                    count++;
                if (count > 0 && !Place(run.Space, run.Address + ((ulong)i << Page.Shift), pages.Slice(i * Page.Size, count * Page.Size)))
                    break;
                i += Math.Max(1, count);
            }

            if (isFromDisk)
                _counts = _counts with { BackFromDisk = _counts.BackFromDisk + _counts.Back - before };
            if (run.For is not { } fault || run.Space.IsDead)
                return;
            if (run.Space.Table.At(run.Address) is null)
            {
                CountFault(fault);
                // Whoever waits at a place that is no more looks again.
                if (_counts.Back == before)
                    run.Space.Fault.Wake(run.Address, Page.Size);
            }
            else
            {
                _retry.Add(fault);
            }
        }
    }

    // Under the lock. The run of pages that begins with this one and lies in a row elsewhere, too.
    private PageRun? RunAt(PagedSpace space, ulong address, int most)
    {
        if (space.Table.At(address) is not { } slot || _fresh.ContainsKey(slot))
            return null;
        var server = _slots.ServerOf(slot);
        var pages = 1;
        while (pages < most && space.Table.At(address + ((ulong)pages << Page.Shift)) == slot + pages && !_fresh.ContainsKey(slot + (uint)pages)
            && _slots.ServerOf(slot + (uint)pages) == server)
            pages++;
        return new PageRun(space, address, slot, pages, server, null);
    }

    private void BringSome()
    {
        List<PageRun> runs = [];
        lock (_gate)
        {
            foreach (var space in _spaces.Where(space => !space.IsDead))
            {
                if (space.Table.First() is not { } address)
                    continue;
                if (RunAt(space, address, IPageServer.MostPages) is { } run)
                    runs.Add(run);
                else if (!space.IsGoing(address) && space.Table.At(address) is { } slot && _fresh.TryGetValue(slot, out var offset))
                    Place(space, address, _batch.Span.Slice(offset, Page.Size));
                break;
            }

            if (runs.Count == 0)
            {
                DropDead();
                if (_spaces.TrueForAll(space => space.Table.Count == 0))
                {
                    _comesHome = false;
                    _home.Set();
                    return;
                }
            }
        }

        if (runs.Count > 0)
            Fetch(runs);
        else
            Thread.Sleep(RetryMilliseconds);
    }
}
