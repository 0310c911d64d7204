using System.Diagnostics;
using Isobar.Linux.Kernel;
using Isobar.Linux.Paging.Tracing;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Paging;

public sealed partial class Pager
{
    /// <summary>One batch. Everything from the choice of the pages to the end of their dropping is done while the whole job stands still.</summary>
    internal sealed class PageOut(Pager pager, Func<IReadOnlyList<int>> job, int pid, uint[] slots)
    {
        /// <summary>4 MiB: a stop of a few milliseconds.</summary>
        public const int MostPages = 1024;

        // A stack or a small table is hot as a whole, and not worth the watching.
        private const ulong LeastArea = 64 * 1024;
        private const int SysMadvise = 28;
        private const int DontNeed = 4;
        private static readonly TimeSpan StandWithin = TimeSpan.FromMilliseconds(200);

        private readonly List<(ulong Start, ulong End)> _runs = [];
        private int _chosen;
        private int _used;

        /// <summary>The slots that are filled now, in the order of the batch's buffer.</summary>
        public List<uint> Sent { get; } = [];

        public ReadOnlySpan<uint> Unused => slots.AsSpan(_used);

        /// <summary>Those of them whose page stayed after all.</summary>
        public HashSet<uint> Undone { get; } = [];

        public int EmptyPages { get; private set; }

        public TimeSpan Stood { get; private set; }

        public void Run()
        {
            Judge();
            var clock = Stopwatch.StartNew();
            using (var standing = StandingProcesses.Hold(job, StandWithin))
            {
                var areas = MemoryArea.Of(pid);
                Refuse(areas);
                var space = SpaceOf(standing, areas);
                Choose(space, areas, HotPages.Of(standing.ThreadsOf(pid)));
                if (_runs.Count > 0)
                    Drop(standing, space, ForeignMemory.FindSystemCall(pid, areas));
            }

            Stood = clock.Elapsed;
            lock (pager._gate)
            {
                var counts = pager._counts;
                pager._counts = counts with
                {
                    Out = counts.Out + Sent.Count - Undone.Count,
                    StandSeconds = counts.StandSeconds + Stood.TotalSeconds,
                    LongestStandSeconds = Math.Max(counts.LongestStandSeconds, Stood.TotalSeconds),
                };
            }
        }

        // Before the job stands still: the kernel takes long to tell what kind areas are of.
        private void Judge()
        {
            var known = pager.Judged(pid);
            if (MemoryArea.Of(pid).TrueForAll(area => !IsCandidate(area) || known.ContainsKey(area.Start)))
                return;
            var special = AreaFlags.SpecialOf(pid);
            foreach (var area in MemoryArea.Of(pid).Where(IsCandidate))
                known.TryAdd(area.Start, special.Contains(area.Start));
        }

        private static bool IsCandidate(MemoryArea area) => area.IsOrdinary && area.End - area.Start >= LeastArea;

        // What writes into memory behind the back of a process that stands still.
        private void Refuse(List<MemoryArea> areas)
        {
            if (areas.Count == 0)
                throw new ProcessGoneException();
            if (IsFiltered())
                throw new PagingException($"Process {pid} has a filter of system calls (seccomp), which would see ours: its pages stay.");
            if (areas.Exists(area => area.Name.StartsWith("/[aio]", StringComparison.Ordinal)) || ProcFs.Descriptors(pid).Values.Any(file => file.Contains("[io_uring]", StringComparison.Ordinal)))
                throw new PagingException($"Process {pid} lets the kernel write into its memory while it goes on (aio, io_uring): its pages stay.");
            if (ProcFs.Descriptors(pid).Values.Any(file => file.Contains("[userfaultfd]", StringComparison.Ordinal)))
                throw new PagingException($"Process {pid} answers for its missing pages itself (userfaultfd): its pages stay.");
        }

        private PagedSpace SpaceOf(StandingProcesses standing, List<MemoryArea> areas)
        {
            lock (pager._gate)
            {
                if (pager._spaces.Find(space => space.Pid == pid && !space.IsDead) is { } known)
                    return known;
            }

            var fault = UserFaultMaker.Make(standing, pid, ForeignMemory.FindSystemCall(pid, areas));
            var made = new PagedSpace(fault, new PageTable(), pid);
            foreach (var (start, isSpecial) in pager.Judged(pid))
                made.Judged[start] = isSpecial;
            try
            {
                pager._guard?.Hold(fault.Handle);
            }
            catch
            {
                made.Dispose();
                throw;
            }

            lock (pager._gate)
            {
                pager._spaces.Add(made);
                pager._judging = null;
            }

            pager.Wake();
            return made;
        }

        private bool IsFiltered()
        {
            Span<byte> buffer = stackalloc byte[8192];
            return KernelFile.TryRead($"/proc/{pid}/status", buffer) is not { } length || buffer[..length].IndexOf("Seccomp:\t0"u8) < 0;
        }

        // Round the clock of addresses: what was wanted back since the last round is passed over once.
        private void Choose(PagedSpace space, List<MemoryArea> areas, HashSet<ulong> hot)
        {
            using var present = new PresentPages(pid);
            var hand = space.Cursor;
            var fit = areas.FindAll(area => IsCandidate(area) && space.Judged.TryGetValue(area.Start, out var isSpecial) && !isSpecial);
            foreach (var area in fit.Where(area => area.End > hand))
                ChooseIn(space, present, hot, area, Math.Max(area.Start, hand), area.End);
            foreach (var area in fit.Where(area => area.Start < hand))
                ChooseIn(space, present, hot, area, area.Start, Math.Min(area.End, hand));
        }

        private void ChooseIn(PagedSpace space, PresentPages present, HashSet<ulong> hot, MemoryArea area, ulong from, ulong until)
        {
            if (_chosen == slots.Length || !space.Fault.Register(area.Start, area.End))
                return;
            Span<bool> taken = stackalloc bool[512];
            for (var at = from; at < until && _chosen < slots.Length;)
            {
                var end = Math.Min(until, (at & ~0x1f_ffffUL) + 0x20_0000);
                if (space.TakeTouch(at))
                {
                    at = end;
                    continue;
                }

                taken.Clear();
                var pages = present.Look(at, (int)((end - at) >> Page.Shift), taken);
                if (pages == 0)
                    return;
                for (var i = 0; i < pages && _chosen < slots.Length; i++, at += Page.Size)
                {
                    if (!taken[i] || hot.Contains(at))
                        continue;
                    if (_runs.Count > 0 && _runs[^1].End == at && at != from)
                        _runs[^1] = (_runs[^1].Start, at + Page.Size);
                    else
                        _runs.Add((at, at + Page.Size));
                    _chosen++;
                }

                space.Cursor = at;
            }
        }

        private void Drop(StandingProcesses standing, PagedSpace space, ulong instruction)
        {
            // Not under the lock: should a page be missing after all, the answer comes from the thread that would wait for it.
            var contents = new List<(ulong Start, int Pages, int Offset)>();
            var offset = 0;
            foreach (var (start, end) in _runs)
            {
                var length = (int)(end - start);
                if (ForeignMemory.Read(pid, start, pager._batch.Span.Slice(offset, length)) != length)
                    continue;
                contents.Add((start, length >> Page.Shift, offset));
                offset += length;
            }

            using var calls = ForeignCalls.Begin(standing, pid, instruction);
            lock (pager._gate)
            {
                space.Going = [.. contents.Select(run => (run.Start, run.Start + ((ulong)run.Pages << Page.Shift)))];
                Enter(space, contents);
            }

            try
            {
                foreach (var (start, end) in space.Going)
                {
                    if (calls.Call(SysMadvise, start, end - start, DontNeed) != 0)
                        Undo(space, start, end);
                }
            }
            finally
            {
                lock (pager._gate)
                    space.Going = null;
                pager.Wake();
            }
        }

        // Under the lock: an entry for each page that has something in it, and its bytes together at the beginning of the buffer.
        private void Enter(PagedSpace space, List<(ulong Start, int Pages, int Offset)> contents)
        {
            var buffer = pager._batch.Span;
            foreach (var (start, pages, offset) in contents)
            {
                for (var i = 0; i < pages; i++)
                {
                    var page = buffer.Slice(offset + (i * Page.Size), Page.Size);
                    if (!page.ContainsAnyExcept((byte)0))
                    {
                        EmptyPages++;
                        continue;
                    }

                    var slot = slots[_used];
                    page.CopyTo(buffer[(_used * Page.Size)..]);
                    pager._slots.Fill(slot);
                    if (space.Table.Set(start + ((ulong)i << Page.Shift), slot) is { } before)
                        pager._slots.Release(before);
                    pager._fresh[slot] = _used * Page.Size;
                    Sent.Add(slot);
                    _used++;
                }
            }
        }

        // The kernel would not drop them (locked in memory meanwhile): they are where they were.
        private void Undo(PagedSpace space, ulong start, ulong end)
        {
            lock (pager._gate)
            {
                foreach (var (address, slot) in space.Table.Within(start, end))
                {
                    pager.Forget(space, address);
                    Undone.Add(slot);
                }
            }
        }
    }
}
