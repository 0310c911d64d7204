using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Paging;

/// <summary>Which pages of a process are in memory and nobody else's (/proc/PID/pagemap; Documentation/admin-guide/mm/pagemap.rst).</summary>
internal sealed class PresentPages(int pid) : IDisposable
{
    private const ulong Present = 1UL << 63;
    private const ulong OfFile = 1UL << 61;
    // Of the zero page and of pages that a fork has left common to two processes nothing would be won.
    private const ulong OnlyOurs = 1UL << 56;

    private readonly SafeFileHandle _file = File.OpenHandle($"/proc/{pid}/pagemap");
    private readonly byte[] _entries = new byte[512 * sizeof(ulong)];

    /// <summary>Looks at up to 512 pages from an address on; true for each that can be taken.</summary>
    public int Look(ulong address, int pages, Span<bool> taken)
    {
        pages = Math.Min(pages, Math.Min(512, taken.Length));
        var bytes = _entries.AsSpan(0, pages * sizeof(ulong));
        var read = RandomAccess.Read(_file, bytes, (long)(address >> Page.Shift) * sizeof(ulong)) / sizeof(ulong);
        for (var i = 0; i < read; i++)
        {
            var entry = BitConverter.ToUInt64(bytes[(i * sizeof(ulong))..]);
            taken[i] = (entry & (Present | OfFile | OnlyOurs)) == (Present | OnlyOurs);
        }

        return read;
    }

    public void Dispose() => _file.Dispose();
}
