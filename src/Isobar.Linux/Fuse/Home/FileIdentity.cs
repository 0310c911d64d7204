using Isobar.Linux.Fuse.Native;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>What names a file for ever on its file system, generation included: a file that later gets the same inode number has another.</summary>
internal sealed class FileIdentity
{
    private readonly int _type;
    private readonly byte[] _bytes;

    private FileIdentity(int type, byte[] bytes) => (_type, _bytes) = (type, bytes);

    /// <summary>Null if the file system has no such names (proc, most overlays).</summary>
    public static FileIdentity? Of(SafeFileHandle file)
    {
        var handle = new KernelFileHandle { Length = KernelFileHandle.Capacity };
        if (HandleCalls.NameToHandle(file, 0, ref handle, out _, OpenFlags.AtEmptyPath) != 0)
            return null;
        ReadOnlySpan<byte> bytes = handle.Bytes;
        return new FileIdentity(handle.Type, bytes[..(int)handle.Length].ToArray());
    }

    public bool Names(SafeFileHandle file) => Of(file) is { } other && other._type == _type && other._bytes.AsSpan().SequenceEqual(_bytes);

    /// <summary>Opens the file again as O_PATH; null if it is gone.</summary>
    public SafeFileHandle? Open(SafeFileHandle mount)
    {
        var handle = new KernelFileHandle { Length = (uint)_bytes.Length, Type = _type };
        _bytes.CopyTo((Span<byte>)handle.Bytes);
        var descriptor = HandleCalls.OpenByHandle(mount, handle, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
