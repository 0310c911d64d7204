using System.Text;

namespace Isobar.Linux.Processes;

/// <summary>
/// What ps(1) shows of this process: its argument vector, which lies in its own memory (proc(5), /proc/PID/cmdline). A title has as much room as the arguments had that the
/// process was started with; <see cref="Room"/> makes some.
/// </summary>
public static unsafe class ProcessTitle
{
    // Counted from the field after the program's name, which is the third (proc(5), /proc/PID/stat: 48 arg_start, 49 arg_end).
    private const int ArgumentsBegin = 48 - 3;
    private const int ArgumentsEnd = 49 - 3;

    /// <summary>An argument that is followed by room for longer titles.</summary>
    public static string Room(string argument) => argument.PadRight(512);

    /// <summary>Shows another title from now on; what is too long is cut off.</summary>
    public static void Set(string title)
    {
        ArgumentNullException.ThrowIfNull(title);
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        if (fields.Length <= ArgumentsEnd || !long.TryParse(fields[ArgumentsBegin], out var begin) || !long.TryParse(fields[ArgumentsEnd], out var end) || begin == 0)
            return;
        var room = new Span<byte>((void*)begin, (int)(end - begin));
        var text = Encoding.UTF8.GetBytes(title).AsSpan();
        text = text[..Math.Min(text.Length, room.Length - 1)];
        text.CopyTo(room);
        room[text.Length..].Clear();
    }
}
