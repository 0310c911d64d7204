using System.Collections.Concurrent;
using Isobar.Linux.Paging;

namespace Isobar.Linux.Tests.Paging;

/// <summary>A page server in this process, which can be lost, slow, or of little room.</summary>
internal sealed class MemoryServer(int room = int.MaxValue) : IPageServer
{
    private readonly ConcurrentDictionary<uint, byte[]> _pages = new();
    private readonly ConcurrentQueue<(uint Slot, int Pages)> _asked = new();

    public string Name => "test";

    public bool IsGone { get; set; }

    public int Count => _pages.Count;

    public bool Ask(uint slot, int pages)
    {
        _asked.Enqueue((slot, pages));
        return !IsGone;
    }

    public bool Receive(uint slot, Span<byte> pages)
    {
        if (!_asked.TryDequeue(out var asked) || IsGone)
            return false;
        Assert.Equal(slot, asked.Slot);
        for (var i = 0; i < asked.Pages; i++)
        {
            if (!_pages.TryGetValue(asked.Slot + (uint)i, out var page))
                return false;
            page.CopyTo(pages[(i * Page.Size)..]);
        }

        return true;
    }

    public bool Put(uint slot, ReadOnlySpan<byte> pages)
    {
        if (IsGone || _pages.Count >= room)
            return false;
        for (var i = 0; i < pages.Length / Page.Size; i++)
            _pages[slot + (uint)i] = pages.Slice(i * Page.Size, Page.Size).ToArray();
        return true;
    }

    public void Drop(uint slot, int pages)
    {
        for (var i = 0; i < pages; i++)
            _pages.TryRemove(slot + (uint)i, out _);
    }
}
