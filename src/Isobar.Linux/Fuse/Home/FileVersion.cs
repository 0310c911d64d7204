using Isobar.Linux.Fuse.Native;

namespace Isobar.Linux.Fuse.Home;

/// <summary>The state of a file's contents, as far as its attributes tell.</summary>
internal readonly record struct FileVersion
{
    /// <summary>
    /// A file time has the clock's tick at best (10 ms at HZ=100), so a file that was changed this short a time ago
    /// may change again without a sign of it: the "racy" problem that git has with its index.
    /// </summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private long Seconds { get; init; }

    private uint Nanoseconds { get; init; }

    private ulong Size { get; init; }

    /// <summary>False if a later change might not have shown.</summary>
    public bool Certain { get; private init; }

    public static FileVersion Of(in Statx attributes)
    {
        var modified = TimeSpan.FromSeconds(attributes.Mtime.Seconds) + TimeSpan.FromMicroseconds(attributes.Mtime.Nanoseconds / 1000);
        return new()
        {
            Seconds = attributes.Mtime.Seconds,
            Nanoseconds = attributes.Mtime.Nanoseconds,
            Size = attributes.Size,
            Certain = DateTime.UtcNow - DateTime.UnixEpoch - modified > Tick,
        };
    }

    public bool Matches(in Statx attributes) =>
        Seconds == attributes.Mtime.Seconds && Nanoseconds == attributes.Mtime.Nanoseconds && Size == attributes.Size;
}
