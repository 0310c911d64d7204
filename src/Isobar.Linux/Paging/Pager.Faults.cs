using System.Diagnostics;

namespace Isobar.Linux.Paging;

// How those who wait are answered.
public sealed partial class Pager
{
    // Empty pages cost no memory until they are written, only a fault each.
    private const ulong ZeroRun = 64 * 1024;

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

    // Under the lock. Puts pages in place; false when some are to be tried again.
    private bool Place(PagedSpace space, ulong at, ReadOnlySpan<byte> pages)
    {
        while (!pages.IsEmpty)
        {
            var placing = space.Fault.Copy(at, pages, out var placed);
            for (var done = 0; done < placed; done += Page.Size, at += Page.Size)
            {
                Forget(space, at);
                _counts = _counts with { Back = _counts.Back + 1 };
            }

            pages = pages[placed..];
            if (pages.IsEmpty || (placed > 0 && placing != Placing.Gone))
                continue;
            switch (placing)
            {
                case Placing.Present:
                    // What is in place is what the program sees.
                    Forget(space, at);
                    space.Fault.Wake(at, Page.Size);
                    break;
                case Placing.NoPlace when pages.Length > Page.Size:
                    // A run over the end of an area is refused whole: the kernel is asked page by page.
                    for (; !pages.IsEmpty; pages = pages[Page.Size..], at += Page.Size)
                    {
                        if (!Place(space, at, pages[..Page.Size]))
                            return false;
                    }

                    return true;
                case Placing.NoPlace:
                    // Given up or moved; the event that says so comes next.
                    space.Fault.Wake(at, Page.Size);
                    return true;
                case Placing.Gone:
                    space.IsDead = true;
                    return true;
                default:
                    return false;
            }

            at += Page.Size;
            pages = pages[Page.Size..];
        }

        return true;
    }

    private void CountFault(Fault fault) => _counts = _counts with
    {
        Faults = _counts.Faults + 1,
        FaultSeconds = _counts.FaultSeconds + Stopwatch.GetElapsedTime(fault.Since).TotalSeconds,
    };

    /// <summary>Somebody waits for a page.</summary>
    private readonly record struct Fault(PagedSpace Space, ulong Address, long Since);
}
