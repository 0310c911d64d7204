using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>
/// Reads processes from /proc. Every answer may be out of date when it arrives: a process that ends in between is left out, never an error.
/// </summary>
public static class ProcFs
{
    /// <summary>Null when the process is gone.</summary>
    public static ProcStat? Stat(int pid)
    {
        Span<byte> buffer = stackalloc byte[1024];
        return KernelFile.TryRead($"/proc/{pid}/stat", buffer) is { } length ? ProcStat.Parse(buffer[..length]) : null;
    }

    /// <summary>Null when the process is gone.</summary>
    public static ProcStatus? Status(int pid)
    {
        Span<byte> buffer = stackalloc byte[8192];
        return KernelFile.TryRead($"/proc/{pid}/status", buffer) is { } length ? ProcStatus.Parse(buffer[..length]) : null;
    }

    /// <summary>The argument vector; empty for a kernel thread or a zombie. At most 64 KiB of it are read.</summary>
    public static IReadOnlyList<string> CommandLine(int pid)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            if (KernelFile.TryRead($"/proc/{pid}/cmdline", buffer) is not { } length || length == 0)
                return [];
            var text = Encoding.UTF8.GetString(buffer, 0, length);
            return (text[^1] == '\0' ? text[..^1] : text).Split('\0');
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Private and shared anonymous memory in bytes, present or swapped out: about what a dump of the process carries (clean file pages are not dumped).
    /// </summary>
    public static long AnonymousBytes(int pid)
    {
        Span<byte> buffer = stackalloc byte[4096];
        if (TryReadTolerant($"/proc/{pid}/smaps_rollup", buffer) is not { } length)
            return 0;
        var text = buffer[..length];
        return (KilobytesOf(text, "Anonymous:"u8) + KilobytesOf(text, "Swap:"u8) + KilobytesOf(text, "Pss_Shmem:"u8)) * 1024;
    }

    /// <summary>Inode of a namespace ("pid", "mnt", "net", ...) of a process, null when it is gone or may not be looked at.</summary>
    public static ulong? NamespaceInode(int pid, string kind)
    {
        var link = KernelFile.TryReadLink($"/proc/{pid}/ns/{kind}");
        var open = link?.IndexOf('[', StringComparison.Ordinal) ?? -1;
        return open > 0 && ulong.TryParse(link.AsSpan(open + 1, link!.Length - open - 2), CultureInfo.InvariantCulture, out var inode) ? inode : null;
    }

    /// <summary>Its open descriptors: number and what /proc shows for it (a path, "pipe:[123]", "socket:[7]", ...).</summary>
    public static IReadOnlyDictionary<int, string> Descriptors(int pid)
    {
        var result = new SortedDictionary<int, string>();
        var directory = $"/proc/{pid}/fd";
        foreach (var number in NumericEntries(directory))
        {
            if (KernelFile.TryReadLink($"{directory}/{number}") is { } target)
                result[number] = target;
        }

        return result;
    }

    /// <summary>The text of /proc/PID/fdinfo/FD (pos, flags, mnt_id, and lines of the kind of file), null when it is gone.</summary>
    public static string? DescriptorInfo(int pid, int fd)
    {
        Span<byte> buffer = stackalloc byte[4096];
        return KernelFile.TryRead($"/proc/{pid}/fdinfo/{fd}", buffer) is { } length ? Encoding.ASCII.GetString(buffer[..length]) : null;
    }

    /// <summary>Numbers of all processes that /proc shows.</summary>
    public static IReadOnlyList<int> AllPids() => NumericEntries("/proc");

    /// <summary>Thread numbers of a process.</summary>
    public static IReadOnlyList<int> ThreadIds(int pid) => NumericEntries($"/proc/{pid}/task");

    internal static List<int> NumericEntries(string directory)
    {
        var result = new List<int>();
        try
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(directory))
            {
                if (int.TryParse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                    result.Add(number);
            }
        }
        catch (IOException)
        {
            // The process ended while its directory was being read.
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's process.
        }

        return result;
    }

    // smaps_rollup of a zombie or kernel thread, or of another user's process, fails with errors that mean "nothing to see".
    private static int? TryReadTolerant(string path, Span<byte> buffer)
    {
        try
        {
            return KernelFile.TryRead(path, buffer);
        }
        catch (KernelException)
        {
            return null;
        }
    }

    private static long KilobytesOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key)
    {
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (line.StartsWith(key) && Utf8Parser.TryParse(line[key.Length..].TrimStart((byte)' '), out long value, out _))
                return value;
        }

        return 0;
    }
}
