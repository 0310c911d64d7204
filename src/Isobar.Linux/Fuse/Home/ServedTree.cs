using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>One guest's sight of the home's files: which it knows, which it has open. Used by all workers of its session.</summary>
internal sealed class ServedTree : IDisposable
{
    /// <summary>File systems whose files have no size or change without a new time: their contents must never be cached by a guest.</summary>
    private static readonly HashSet<long> Volatile =
    [
        0x9fa0, // proc
        0x62656572, // sysfs
        0x27e0eb, // cgroup
        0x63677270, // cgroup2
        0x64626720, // debugfs
        0x74726163, // tracefs
        0x73636673, // securityfs
        0x62656570, // configfs
        0xcafe4a11, // bpf
        0x65735543, // fusectl
    ];

    private readonly ConcurrentDictionary<ulong, bool> _volatileDevices = new();
    private readonly InodeNumbers _numbers;

    private ServedTree(SafeFileHandle root, in Statx attributes, FileViewServerOptions options, bool manyUsers)
    {
        ManyUsers = manyUsers;
        Inodes = new InodeTable(root, attributes, options.KnownFileDescriptors);
        _numbers = new InodeNumbers(attributes.Device);
        CacheTime = options.CacheTime;
    }

    public InodeTable Inodes { get; }

    public OpenFileTable Files { get; } = new();

    /// <summary>Whether workers act as root for processes of several users; otherwise the home's kernel takes set-user-id bits off a changed file by itself.</summary>
    public bool ManyUsers { get; }

    private TimeSpan CacheTime { get; }

    /// <exception cref="FileViewException">The root is no directory that this process can open.</exception>
    public static ServedTree Open(string root, FileViewServerOptions options, bool manyUsers)
    {
        var path = System.Text.Encoding.UTF8.GetBytes(root + '\0');
        var descriptor = FileCalls.OpenAt(OpenFlags.AtCurrentDirectory, path[0], OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (descriptor < 0)
            throw new FileViewException($"Cannot serve the files below {root}: error {Marshal.GetLastPInvokeError()}; the path must be a directory.");
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Stat(handle, out var attributes) is var error and < 0)
            throw new FileViewException($"Cannot read the attributes of {root}: error {-error}.");
        return new ServedTree(handle, attributes, options, manyUsers);
    }

    /// <summary>Attributes of what a descriptor holds; 0 or a negative error number.</summary>
    public static int Stat(SafeFileHandle file, out Statx attributes) =>
        FileCalls.Statx(file, 0, OpenFlags.AtEmptyPath, Statx.BasicStats | Statx.BirthTime | Statx.MountIdentity, out attributes) < 0
            ? Failure()
            : 0;

    /// <summary>The last system call's error number, negative.</summary>
    public static int Failure() => -Marshal.GetLastPInvokeError();

    /// <summary>Finds one name in a directory, never through a symbolic link, and counts a reference of the guest to it; 0 or a negative error number.</summary>
    public int Lookup(Inode directory, ReadOnlySpan<byte> name, out FuseEntryReply entry)
    {
        entry = default;
        if (directory.Kind != FileKind.Directory)
            return -Errno.NotDirectory;
        var descriptor = FileCalls.OpenAt(directory.Path, MemoryMarshal.GetReference(name), OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        return descriptor < 0 ? Failure() : Enter(new SafeFileHandle(descriptor, ownsHandle: true), out entry);
    }

    /// <summary>Counts a reference to the file that an O_PATH descriptor holds, and describes it.</summary>
    public int Enter(SafeFileHandle found, out FuseEntryReply entry)
    {
        entry = default;
        if (Stat(found, out var attributes) is var error and < 0)
        {
            found.Dispose();
            return error;
        }

        var inode = Inodes.Enter(found, attributes);
        inode.Sent(attributes);
        var (seconds, nanoseconds) = Lifetime();
        entry = new FuseEntryReply
        {
            NodeId = inode.NodeId,
            EntryValidSeconds = seconds,
            EntryValidNanoseconds = nanoseconds,
            AttrValidSeconds = seconds,
            AttrValidNanoseconds = nanoseconds,
            Attr = Describe(attributes),
        };
        return 0;
    }

    /// <summary>The answer that a name does not exist, which the guest may believe as long as any other.</summary>
    public FuseEntryReply Absence()
    {
        var (seconds, nanoseconds) = Lifetime();
        return new FuseEntryReply { EntryValidSeconds = seconds, EntryValidNanoseconds = nanoseconds };
    }

    /// <summary>How long attributes are valid, in the parts that the protocol has.</summary>
    public (ulong Seconds, uint Nanoseconds) Lifetime() =>
        ((ulong)CacheTime.TotalSeconds, (uint)(CacheTime.Ticks % TimeSpan.TicksPerSecond * 100));

    public ulong NumberOf(ulong device, ulong ino) => _numbers.Map(device, ino);

    public FuseAttr Describe(in Statx s) => new()
    {
        Ino = NumberOf(s.Device, s.Ino),
        Size = s.Size,
        Blocks = s.Blocks,
        Atime = s.Atime.Seconds,
        Mtime = s.Mtime.Seconds,
        Ctime = s.Ctime.Seconds,
        AtimeNanoseconds = s.Atime.Nanoseconds,
        MtimeNanoseconds = s.Mtime.Nanoseconds,
        CtimeNanoseconds = s.Ctime.Nanoseconds,
        Mode = s.Mode,
        LinkCount = s.LinkCount,
        Uid = s.Uid,
        Gid = s.Gid,
        Rdev = (s.RdevMinor & 0xff) | (s.RdevMajor << 8) | ((s.RdevMinor & ~0xffu) << 12),
        BlockSize = s.BlockSize,
    };

    /// <summary>Whether the contents of files on a device may not be cached.</summary>
    public bool IsVolatile(ulong device, SafeFileHandle file)
    {
        if (_volatileDevices.TryGetValue(device, out var known))
            return known;
        known = FileCalls.StatFs(file, out var fileSystem) == 0 && Volatile.Contains(fileSystem.Type);
        return _volatileDevices.GetOrAdd(device, known);
    }

    public void Dispose()
    {
        Files.Dispose();
        Inodes.Dispose();
    }
}
