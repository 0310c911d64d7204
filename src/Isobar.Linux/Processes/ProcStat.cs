using System.Buffers.Text;
using System.Text;

namespace Isobar.Linux.Processes;

/// <summary>What /proc/PID/stat says (proc_pid_stat(5)).</summary>
/// <param name="Pid">Number in the PID namespace of the /proc that was read.</param>
/// <param name="Name">The command name, at most 15 bytes.</param>
/// <param name="State">R running, S sleeping, D uninterruptible, T stopped, t traced, Z zombie, X dead, I idle.</param>
/// <param name="ParentPid">The parent, 0 when it is outside of the namespace.</param>
/// <param name="ProcessGroup">Process group.</param>
/// <param name="Session">Session.</param>
/// <param name="Terminal">Device number of the controlling terminal, 0 for none.</param>
/// <param name="UserTicks">CPU time in user mode, in clock ticks (1/100 s).</param>
/// <param name="SystemTicks">CPU time in the kernel, in clock ticks (1/100 s).</param>
/// <param name="Threads">Number of threads.</param>
/// <param name="StartTicks">Start time after boot, in clock ticks (1/100 s).</param>
/// <param name="ResidentPages">Resident set in pages (imprecise by up to 64 pages a thread; smaps_rollup is exact).</param>
public readonly record struct ProcStat(
    int Pid, string Name, char State, int ParentPid, int ProcessGroup, int Session, int Terminal,
    long UserTicks, long SystemTicks, int Threads, long StartTicks, long ResidentPages)
{
    /// <summary>USER_HZ, the same on every architecture that we run on.</summary>
    public const int TicksPerSecond = 100;

    public bool IsStopped => State == 'T';

    public bool IsZombie => State is 'Z' or 'X';

    /// <summary>CPU time used by all its threads.</summary>
    public TimeSpan CpuTime => TimeSpan.FromTicks((UserTicks + SystemTicks) * (TimeSpan.TicksPerSecond / TicksPerSecond));

    /// <summary>CPU time, in clock ticks, of the children that ended and that it waited for, and of theirs.</summary>
    public long ChildrenTicks { get; init; }

    /// <summary>See <see cref="ChildrenTicks"/>.</summary>
    public TimeSpan ChildrenCpuTime => TimeSpan.FromTicks(ChildrenTicks * (TimeSpan.TicksPerSecond / TicksPerSecond));

    /// <summary>Parses the file's text; null when it is not of the kernel's form. The name may contain blanks and parentheses: the last one counts.</summary>
    public static ProcStat? Parse(ReadOnlySpan<byte> text)
    {
        var open = text.IndexOf((byte)'(');
        var close = text.LastIndexOf((byte)')');
        if (open < 2 || close < open || !Utf8Parser.TryParse(text[..(open - 1)], out int pid, out _))
            return null;
        var rest = text[(close + 1)..];

        // Fields 3 (state) to 24 (rss), numbered as in the manual page.
        Span<long> fields = stackalloc long[25];
        var state = '\0';
        for (var field = 3; field <= 24; field++)
        {
            rest = rest.TrimStart((byte)' ');
            if (rest.IsEmpty)
                return null;
            if (field == 3)
            {
                state = (char)rest[0];
                rest = rest[1..];
                continue;
            }

            if (!Utf8Parser.TryParse(rest, out long value, out var used) && !SkipUnsigned(rest, out used))
                return null;
            fields[field] = value;
            rest = rest[used..];
        }

        return new ProcStat(
            pid, Encoding.UTF8.GetString(text[(open + 1)..close]), state, (int)fields[4], (int)fields[5], (int)fields[6], (int)fields[7],
            fields[14], fields[15], (int)fields[20], fields[22], fields[24])
        { ChildrenTicks = fields[16] + fields[17] };
    }

    // Some fields are unsigned 64 bit (vsize of a broken task can be huge); none of them is one that we keep.
    private static bool SkipUnsigned(ReadOnlySpan<byte> text, out int used) => Utf8Parser.TryParse(text, out ulong _, out used);
}
