using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Paging;

/// <summary>
/// Places for pages that are out: a file without a name that holds each of them (so that no other machine's end loses any), how many address spaces want it (forks), and in which machine's memory it
/// is as well. Not for several threads at once.
/// </summary>
internal sealed unsafe partial class PageSlots : IDisposable
{
    private const int OpenReadWrite = 2;
    private const int OpenDirect = 0x4000;
    private const int OpenNameless = 0x410000;
    private const int OwnerOnly = 0x180;
    private const int Growth = 4096;

    private readonly SafeFileHandle _file;
    private readonly List<uint> _freed = [];
    private ushort[] _wanted = [];
    private byte[] _servers = [];
    private bool[] _taken = [];
    private readonly long[] _byServer = new long[byte.MaxValue + 1];
    private int _count;
    private int _free;
    private int _cursor;

    /// <param name="folder">A folder on a disk.</param>
    /// <exception cref="PagingException">No file can be made there.</exception>
    public PageSlots(string folder) => _file = Open(folder);

    /// <summary>Slots that are in use.</summary>
    public int InUse { get; private set; }

    /// <summary>Takes slots, consecutive as far as may be. False when the disk is full: then none are taken.</summary>
    public bool TryTake(Span<uint> slots)
    {
        while (_free < slots.Length)
        {
            if (!TryGrow())
                return false;
        }

        for (var i = 0; i < slots.Length; _cursor++)
        {
            if (_cursor >= _count)
                _cursor = 0;
            if (_taken[_cursor])
                continue;
            _taken[_cursor] = true;
            slots[i++] = (uint)_cursor;
        }

        _free -= slots.Length;
        return true;
    }

    /// <summary>A page is in it, which one address space wants.</summary>
    public void Fill(uint slot)
    {
        _wanted[slot] = 1;
        _byServer[_servers[slot]]++;
        InUse++;
    }

    /// <summary>Gives back one that was taken and not filled.</summary>
    public void Return(uint slot)
    {
        _taken[slot] = false;
        _servers[slot] = 0;
        _free++;
    }

    /// <summary>One more address space wants it.</summary>
    public void Share(uint slot) => _wanted[slot] = checked((ushort)(_wanted[slot] + 1));

    /// <summary>One address space wants it no more. A slot that nobody wants is given again only after <see cref="TakeFreed"/>.</summary>
    public void Release(uint slot)
    {
        if (--_wanted[slot] > 0)
            return;
        InUse--;
        _byServer[_servers[slot]]--;
        _freed.Add(slot);
    }

    /// <summary>The server that has its page, too; 0 = none.</summary>
    public byte ServerOf(uint slot) => _servers[slot];

    public void SetServer(uint slot, byte server)
    {
        if (_wanted[slot] > 0)
        {
            _byServer[_servers[slot]]--;
            _byServer[server]++;
        }

        _servers[slot] = server;
    }

    /// <summary>A server has nothing any more: its number may be another's.</summary>
    public void ForgetServer(byte server)
    {
        _servers.AsSpan(0, _count).Replace(server, (byte)0);
        _byServer[0] += _byServer[server];
        _byServer[server] = 0;
    }

    /// <summary>Pages that are wanted and in this server's memory.</summary>
    public long CountOf(byte server) => _byServer[server];

    /// <summary>Slots that nobody wants any more; the caller tells the servers and then gives them back by <see cref="Return"/>.</summary>
    public List<uint> TakeFreed()
    {
        var freed = new List<uint>(_freed);
        _freed.Clear();
        freed.Sort();
        return freed;
    }

    /// <summary>Writes pages of consecutive slots. May be called while others use the rest.</summary>
    /// <exception cref="IOException">The disk does not take them.</exception>
    public void Write(uint slot, ReadOnlySpan<byte> pages) => RandomAccess.Write(_file, pages, (long)slot * Page.Size);

    /// <exception cref="IOException">The disk does not give them.</exception>
    public void Read(uint slot, Span<byte> pages)
    {
        for (var at = 0; at < pages.Length;)
        {
            var read = RandomAccess.Read(_file, pages[at..], ((long)slot * Page.Size) + at);
            at += read > 0 ? read : throw new EndOfStreamException("The file of pages is shorter than it was.");
        }
    }

    public void Dispose() => _file.Dispose();

    private bool TryGrow()
    {
        // Room is taken before there is something to write: a full disk must not show when the pages have gone.
        if (Allocate(FileDescriptor.Number(_file), 0, (long)_count * Page.Size, (long)Growth * Page.Size) != 0 && Marshal.GetLastPInvokeError() != Errno.NotSupported)
            return false;
        _cursor = _count;
        _count += Growth;
        _free += Growth;
        if (_count <= _taken.Length)
            return true;
        var length = Math.Max(_count, 2 * _taken.Length);
        Array.Resize(ref _taken, length);
        Array.Resize(ref _wanted, length);
        Array.Resize(ref _servers, length);
        return true;
    }

    // Past the page cache where the file system can: pages are written because memory is short.
    private static SafeFileHandle Open(string folder)
    {
        foreach (var flags in (ReadOnlySpan<int>)[OpenNameless | OpenDirect, OpenNameless])
        {
            var fd = LibC.Open(folder, flags | OpenReadWrite | LibC.OpenCloseOnExec, OwnerOnly);
            if (fd >= 0)
                return new SafeFileHandle(fd, ownsHandle: true);
        }

        throw new PagingException($"There can be no file for pages in {folder}: {KernelException.Last("make a file", folder).Message}");
    }

    [LibraryImport(LibC.Name, EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Allocate(int fd, int mode, long offset, long length);
}
