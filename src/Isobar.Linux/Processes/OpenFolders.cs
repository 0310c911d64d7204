using System.Buffers.Text;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>
/// The folders that processes hold open, and how far they have read each. A program that walks through a tree of folders (find, du, rm -r: fts(3)) keeps the
/// device number of each folder on its way and compares it on the way back; that number is another on each machine, and no kernel lets it be chosen. So a walk
/// cannot be moved, and what tells a walk from a folder that is merely open is that something changes from one look to the next.
/// </summary>
public sealed class OpenFolders : IEquatable<OpenFolders>
{
    // O_DIRECTORY of x86-64; opendir(3) and fts(3) set it.
    private const long DirectoryFlag = 0x10000;
    private readonly HashSet<(int Pid, int Fd, long Inode, long Position)> _open = [];

    public bool IsEmpty => _open.Count == 0;

    /// <summary>What these processes have open now; those that have ended have nothing.</summary>
    public static OpenFolders Of(IEnumerable<int> pids)
    {
        ArgumentNullException.ThrowIfNull(pids);
        var folders = new OpenFolders();
        var buffer = new byte[4096];
        var numbers = new int[64];
        foreach (var pid in pids)
        {
            var count = DirectoryNumbers.Read($"/proc/{pid}/fdinfo", buffer, ref numbers);
            for (var i = 0; i < count; i++)
            {
                if (KernelFile.TryRead($"/proc/{pid}/fdinfo/{numbers[i]}", buffer) is { } length)
                    folders.Add(pid, numbers[i], buffer.AsSpan(0, length));
            }
        }

        return folders;
    }

    /// <summary>Everything that is open here was open there, and was read no further.</summary>
    public bool AllIn(OpenFolders other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return _open.IsSubsetOf(other._open);
    }

    public bool Equals(OpenFolders? other) => other is not null && _open.SetEquals(other._open);

    public override bool Equals(object? obj) => Equals(obj as OpenFolders);

    public override int GetHashCode() => _open.Count;

    // "pos:\t0\nflags:\t02704000\nmnt_id:\t27\nino:\t5308433\n", flags in octal (proc_pid_fdinfo(5)).
    private void Add(int pid, int fd, ReadOnlySpan<byte> text)
    {
        long position = 0, flags = 0, inode = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (line.StartsWith("pos:"u8))
                _ = Utf8Parser.TryParse(line[4..].TrimStart((byte)'\t'), out position, out _);
            else if (line.StartsWith("flags:"u8))
                flags = Octal(line[6..].TrimStart((byte)'\t'));
            else if (line.StartsWith("ino:"u8))
                _ = Utf8Parser.TryParse(line[4..].TrimStart((byte)'\t'), out inode, out _);
        }

        if ((flags & DirectoryFlag) != 0)
            _open.Add((pid, fd, inode, position));
    }

    private static long Octal(ReadOnlySpan<byte> digits)
    {
        long value = 0;
        foreach (var digit in digits)
            value = (value << 3) + (digit - '0');
        return value;
    }
}
