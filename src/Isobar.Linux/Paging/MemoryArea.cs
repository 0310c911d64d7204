using System.Buffers.Text;
using System.Text;

namespace Isobar.Linux.Paging;

/// <summary>One line of /proc/PID/maps.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">The address behind the last.</param>
/// <param name="IsWritable">May be written now.</param>
/// <param name="IsExecutable">May be run.</param>
/// <param name="IsPrivate">Not shared with anybody.</param>
/// <param name="Inode">Of the file behind it; 0 = none.</param>
/// <param name="Name">The file, or a name in brackets; empty for most anonymous ones.</param>
public readonly record struct MemoryArea(ulong Start, ulong End, bool IsWritable, bool IsExecutable, bool IsPrivate, long Inode, string Name)
{
    /// <summary>Ordinary memory of a program: its heap and what it has mapped without a file. Not the stack of its first thread, which grows by faults, nor what the kernel put there.</summary>
    public bool IsOrdinary => IsPrivate && IsWritable && Inode == 0 && (Name.Length == 0 || Name == "[heap]" || Name.StartsWith("[anon:", StringComparison.Ordinal));

    public long Pages => (long)((End - Start) / Page.Size);

    /// <summary>All areas of a process; empty when it is gone.</summary>
    public static List<MemoryArea> Of(int pid)
    {
        var areas = new List<MemoryArea>();
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid}/maps"))
            {
                if (TryParse(Encoding.UTF8.GetBytes(line), out var area))
                    areas.Add(area);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        return areas;
    }

    /// <summary>Parses a line, also the first one of each area in smaps.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out MemoryArea area)
    {
        area = default;
        // 7f12a000-7f12c000 rw-p 00000000 00:00 0    [name]
        if (!Utf8Parser.TryParse(line, out ulong start, out var used, 'x') || used >= line.Length || line[used] != '-')
            return false;
        line = line[(used + 1)..];
        if (!Utf8Parser.TryParse(line, out ulong end, out used, 'x') || line.Length < used + 6)
            return false;
        var rights = line.Slice(used + 1, 4);
        line = line[(used + 6)..];
        for (var skip = 0; skip < 2; skip++)
            line = line[(line.IndexOf((byte)' ') + 1)..];
        if (!Utf8Parser.TryParse(line, out long inode, out used))
            return false;
        var name = Encoding.UTF8.GetString(line[used..].Trim((byte)' '));
        area = new MemoryArea(start, end, rights[1] == 'w', rights[2] == 'x', rights[3] == 'p', inode, name);
        return true;
    }
}
