using Isobar.Linux.Paging.Tracing;

namespace Isobar.Linux.Paging;

/// <summary>What one call has taken.</summary>
/// <param name="Pages">Pages that are elsewhere now and were not before.</param>
/// <param name="Empty">Pages of nothing but zeros: dropped, and nothing of them is kept anywhere.</param>
/// <param name="Stood">How long the job stood still.</param>
public readonly record struct PagesTaken(int Pages, int Empty, TimeSpan Stood);

// How pages go.
public sealed partial class Pager
{
    // The batch that is in memory until it is kept.
    private (List<uint> Slots, IPageServer? Server) _unkept = ([], null);
    private (int Pid, Dictionary<ulong, bool> Areas)? _judging;

    /// <summary>
    /// Takes a batch of pages out of one process of a job, and gives them to a server. The job's processes stand still while the pages are read and dropped, some milliseconds; afterwards they are written to
    /// the disk and sent. One call at a time.
    /// </summary>
    /// <param name="job">All processes of the job as of now: who may write into another's memory must stand still, too.</param>
    /// <param name="pid">The one whose pages go.</param>
    /// <param name="mostPages">How many at most; <see cref="PageOut.MostPages"/> at most.</param>
    /// <param name="server">Who gets them; null = they are on the disk only.</param>
    /// <exception cref="PagingException">It cannot be done, or not now.</exception>
    /// <exception cref="ProcessGoneException">The process has ended.</exception>
    public PagesTaken Take(Func<IReadOnlyList<int>> job, int pid, int mostPages, IPageServer? server)
    {
        ArgumentNullException.ThrowIfNull(job);
        Keep();
        var slots = new uint[Math.Min(mostPages, PageOut.MostPages)];
        Tidy();
        lock (_gate)
        {
            if (!_slots.TryTake(slots))
                throw new PagingException("The disk has no room for pages.");
        }

        var batch = new PageOut(this, job, pid, slots);
        try
        {
            RunOnOwnThread(batch);
        }
        finally
        {
            lock (_gate)
            {
                foreach (var slot in batch.Unused)
                    _slots.Return(slot);
            }

            // Also of a batch that something came between: its pages may have gone.
            _unkept = (batch.Sent, server);
            Keep();
        }

        return new PagesTaken(batch.Sent.Count - batch.Undone.Count, batch.EmptyPages, batch.Stood);
    }

    // The kernel knows tracers as threads, and lets go whatever a thread traces when it ends: also what never came to a stop, which cannot be let go otherwise.
    private static void RunOnOwnThread(PageOut batch)
    {
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                batch.Run();
            }
            catch (Exception e)
            {
                failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = "page out" };
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    /// <summary>Writes what has gone to the disk and to a server; until then it is kept in memory, and no more goes.</summary>
    /// <exception cref="PagingException">The disk does not take it; to be tried again.</exception>
    private void Keep()
    {
        var (slots, server) = _unkept;
        if (slots.Count == 0)
            return;
        try
        {
            for (var i = 0; i < slots.Count; i += RunLength(slots, i, slots.Count))
                _slots.Write(slots[i], _batch.Span.Slice(i * Page.Size, RunLength(slots, i, slots.Count) * Page.Size));
        }
        catch (IOException e)
        {
            throw new PagingException($"The disk does not take the pages that have gone: {e.Message}", e);
        }

        var number = server is null ? (byte)0 : NumberOf(server);
        for (var i = 0; i < slots.Count;)
        {
            var count = RunLength(slots, i, IPageServer.MostPages);
            var isThere = number > 0 && !server!.IsGone && server.Put(slots[i], _batch.Span.Slice(i * Page.Size, count * Page.Size));
            lock (_gate)
            {
                for (var j = i; j < i + count; j++)
                    _slots.SetServer(slots[j], isThere ? number : (byte)0);
            }

            i += count;
        }

        lock (_gate)
            _fresh.Clear();
        _unkept = ([], null);
    }

    private static int RunLength(List<uint> slots, int from, int most)
    {
        var count = 1;
        while (count < most && from + count < slots.Count && slots[from + count] == slots[from] + count)
            count++;
        return count;
    }

    private byte NumberOf(IPageServer server)
    {
        lock (_gate)
        {
            var number = _servers.IndexOf(server);
            if (number >= 0)
                return (byte)number;
            number = _servers.FindIndex(one => one is { IsGone: true });
            if (number >= 0)
            {
                // What that one had is on the disk.
                _slots.ForgetServer((byte)number);
                _servers[number] = server;
                return (byte)number;
            }

            if (_servers.Count > byte.MaxValue)
                return 0;
            number = _servers.Count;
            _servers.Add(server);
            return (byte)number;
        }
    }

    private Dictionary<ulong, bool> Judged(int pid)
    {
        lock (_gate)
        {
            if (_spaces.Find(space => space.Pid == pid && !space.IsDead) is { } known)
                return known.Judged;
            if (_judging is not { } judging || judging.Pid != pid)
                _judging = judging = (pid, []);
            return judging.Areas;
        }
    }
}
