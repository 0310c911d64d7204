using System.Collections.Concurrent;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Open files by the handle that the guest's kernel uses. A handle is never given twice.</summary>
internal sealed class OpenFileTable : IDisposable
{
    private readonly ConcurrentDictionary<ulong, OpenFile> _files = new();
    private ulong _last;

    public int Count => _files.Count;

    public ulong Add(OpenFile file)
    {
        var handle = Interlocked.Increment(ref _last);
        _files[handle] = file;
        return handle;
    }

    public OpenFile? Find(ulong handle) => _files.GetValueOrDefault(handle);

    public void Close(ulong handle)
    {
        if (_files.TryRemove(handle, out var file))
            file.Dispose();
    }

    public void Dispose()
    {
        foreach (var handle in _files.Keys)
            Close(handle);
    }
}
