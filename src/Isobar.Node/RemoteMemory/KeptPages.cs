using System.Numerics;
using Isobar.Linux.Kernel;
using Isobar.Protocol.RemoteMemory;

namespace Isobar.Node.RemoteMemory;

/// <summary>Pages of one job of another machine, by their slots, in blocks of 64 that the kernel has back as soon as they are empty. For several threads.</summary>
internal sealed class KeptPages : IDisposable
{
    private const int BlockPages = PageFrame.MostPages;
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, Block> _blocks = [];
    private int _users = 1;
    private bool _isOver;

    /// <summary>Bytes of memory that they take.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return (long)_blocks.Count * BlockPages * PageFrame.PageSize;
        }
    }

    /// <summary>One more connection uses it; false when it was given up in between.</summary>
    public bool TryUse()
    {
        lock (_gate)
        {
            if (_isOver)
                return false;
            _users++;
            return true;
        }
    }

    /// <summary>A connection has ended; true when it was the last, and all is forgotten.</summary>
    public bool Leave()
    {
        lock (_gate)
        {
            if (--_users > 0)
                return false;
            // Under the same lock: nobody may come to use it in between.
            Dispose();
            return true;
        }
    }

    public void Keep(uint slot, ReadOnlySpan<byte> pages)
    {
        lock (_gate)
        {
            for (; !pages.IsEmpty && !_isOver; pages = pages[PageFrame.PageSize..], slot++)
            {
                if (!_blocks.TryGetValue(slot / BlockPages, out var block))
                    _blocks[slot / BlockPages] = block = new Block();
                pages[..PageFrame.PageSize].CopyTo(block.Page((int)(slot % BlockPages)));
                block.Present |= 1UL << (int)(slot % BlockPages);
            }
        }
    }

    /// <summary>Gives pages of consecutive slots; false when not all are here.</summary>
    public bool TryGive(uint slot, Span<byte> pages)
    {
        lock (_gate)
        {
            for (; !pages.IsEmpty; pages = pages[PageFrame.PageSize..], slot++)
            {
                if (!_blocks.TryGetValue(slot / BlockPages, out var block) || (block.Present >> (int)(slot % BlockPages) & 1) == 0)
                    return false;
                block.Page((int)(slot % BlockPages)).CopyTo(pages);
            }
        }

        return true;
    }

    public void Drop(uint slot, int count)
    {
        lock (_gate)
        {
            for (var i = 0; i < count; i++, slot++)
            {
                if (!_blocks.TryGetValue(slot / BlockPages, out var block))
                    continue;
                block.Present &= ~(1UL << (int)(slot % BlockPages));
                if (block.Present != 0)
                    continue;
                _blocks.Remove(slot / BlockPages);
                block.Memory.Dispose();
            }
        }
    }

    /// <summary>This machine needs memory itself: some of it is forgotten, which costs the job a look at its own machine's disk. Returns the bytes.</summary>
    public long Forget(long bytes)
    {
        long freed = 0;
        lock (_gate)
        {
            foreach (var key in _blocks.Keys.ToList())
            {
                if (freed >= bytes)
                    break;
                _blocks.Remove(key, out var block);
                block!.Memory.Dispose();
                freed += BlockPages * PageFrame.PageSize;
            }
        }

        return freed;
    }

    /// <summary>Pages that are here.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _blocks.Values.Sum(block => BitOperations.PopCount(block.Present));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            foreach (var block in _blocks.Values)
                block.Memory.Dispose();
            _blocks.Clear();
        }
    }

    private sealed class Block
    {
        public AnonymousMemory Memory { get; } = new(BlockPages * PageFrame.PageSize);

        public ulong Present { get; set; }

        public Span<byte> Page(int index) => Memory.Span.Slice(index * PageFrame.PageSize, PageFrame.PageSize);
    }
}
