using System.Buffers.Text;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Load;

/// <summary>
/// How many threads are ready to run at this moment, running ones included and this process left out: the run queue itself and not the load average, which lags a minute
/// behind and counts sleepers.
/// </summary>
/// <remarks>
/// The kernel's own count (/proc/loadavg) is of the whole machine. In a PID namespace of its own (a container, a host of the sandbox) or under a quota, whose
/// throttled threads leave the run queue, the threads that /proc shows are counted instead. There Isobar's own processes are left out: under a quota one of their threads that just had its turn stays
/// ready for as long as the quota lasts, and would make each move look like a load at both of its ends.
/// </remarks>
public sealed class RunnableTasks : IDisposable
{
    /// <summary>The inode of the first PID namespace (include/uapi/linux/nsfs.h: PROC_PID_INIT_INO).</summary>
    private const ulong FirstPidNamespace = 0xEFFFFFFC;

    // Most processes sleep, and each look at one is three system calls: who has slept for so many looks is passed over unread for some, as are Isobar's own, of which
    // there are two or three for each job. By then the number may be another's, or it may have woken up: that is seen one second late.
    private const int SleepsAfter = 8;
    private const int PassedOver = 4;

    private readonly KernelFileReader _loadAverage = new("/proc/loadavg");
    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly int _self = Environment.ProcessId;
    private readonly int _ownNice = OwnPriority.Nice;
    private readonly bool _isNested = IsNestedNamespace();
    private readonly Dictionary<int, Known> _known = [];
    private readonly List<int> _gone = [];
    private int[] _processes = new int[256];
    private int[] _threads = new int[64];
    private int _generation;

    /// <summary>Whether the machine's own counters tell of more than what this process sees.</summary>
    public bool IsNested => _isNested;

    /// <summary>Whether this process is in a PID namespace of its own: a container, a host of the sandbox.</summary>
    public static bool IsNestedNamespace() => ProcFs.NamespaceInode(Environment.ProcessId, "pid") is { } inode && inode != FirstPidNamespace;

    /// <summary>Looks at the run queue.</summary>
    /// <param name="hasQuota">Whether a CPU quota holds.</param>
    public int Count(bool hasQuota) => _isNested || hasQuota ? Scan() : RunQueue.Parse(_loadAverage.Read(_buffer)) ?? 0;

    /// <summary>Threads that exist, of all processes that the kernel's count knows.</summary>
    public int Existing() => RunQueue.ParseExisting(_loadAverage.Read(_buffer)) ?? 0;

    public void Dispose() => _loadAverage.Dispose();

    private int Scan()
    {
        var count = DirectoryNumbers.Read("/proc", _buffer, ref _processes);
        var ready = 0;
        _generation++;
        foreach (var pid in _processes.AsSpan(0, count))
        {
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, pid, out var isKnown);
            known.Seen = _generation;
            if (pid == _self || (isKnown && _generation <= known.PassedOverUntil) || !TryStat(pid, out var look, out var name))
                continue;
            if (IsIsobars(in look, name))
            {
                known.PassedOverUntil = _generation + PassedOver;
                continue;
            }

            // Of a process with threads the main one's state says little: they are looked at if it used any CPU since the look before.
            var sleeps = isKnown && known.Ticks == look.Ticks && look.State != (byte)'R';
            known.Ticks = look.Ticks;
            known.Sleeps = sleeps ? known.Sleeps + 1 : 0;
            if (known.Sleeps >= SleepsAfter)
                known.PassedOverUntil = _generation + PassedOver;
            else if (!sleeps)
                ready += look.Threads <= 1 ? (look.State == (byte)'R' ? 1 : 0) : ReadyThreads(pid);
        }

        if (_generation % 64 == 0)
            Forget();
        return ready;
    }

    private int ReadyThreads(int pid)
    {
        var ready = 0;
        var threads = DirectoryNumbers.Read($"/proc/{pid}/task", _buffer, ref _threads);
        foreach (var thread in _threads.AsSpan(0, threads))
        {
            if (KernelFile.TryReadPiece($"/proc/{pid}/task/{thread}/stat", _buffer) is { } length && TaskLook.TryParse(_buffer.AsSpan(0, length), out var one) && one.State == (byte)'R')
                ready++;
        }

        return ready;
    }

    // What the daemon starts has its nice value, but for the jobs, which have their users'; the names alone may be anybody's.
    private bool IsIsobars(in TaskLook look, ReadOnlySpan<byte> name) => _ownNice < 0 && look.Nice == _ownNice
        && (name.SequenceEqual("isobar-supervis"u8) || name.SequenceEqual("criu"u8) || name.SequenceEqual("etcd"u8));

    private bool TryStat(int pid, out TaskLook look, out ReadOnlySpan<byte> name)
    {
        look = default;
        name = default;
        if (KernelFile.TryReadPiece($"/proc/{pid}/stat", _buffer) is not { } length || !TaskLook.TryParse(_buffer.AsSpan(0, length), out look))
            return false;
        name = TaskLook.NameIn(_buffer.AsSpan(0, length));
        return true;
    }

    private void Forget()
    {
        foreach (var (pid, known) in _known)
        {
            if (known.Seen != _generation)
                _gone.Add(pid);
        }

        foreach (var pid in _gone)
            _known.Remove(pid);
        _gone.Clear();
    }

    /// <summary>What earlier looks have seen of a process.</summary>
    private struct Known
    {
        /// <summary>CPU time at the last look, clock ticks.</summary>
        public long Ticks;

        /// <summary>Looks since it last ran or wanted to.</summary>
        public int Sleeps;

        /// <summary>The last look at which it is not read.</summary>
        public int PassedOverUntil;

        /// <summary>The last look at which it was there.</summary>
        public int Seen;
    }
}

/// <summary>What load sampling needs of /proc/PID/stat: no allocation (<see cref="ProcStat"/> has all of it).</summary>
internal readonly record struct TaskLook(byte State, int Parent, long Ticks, long ChildrenTicks, int Nice, int Threads, long StartTicks, long ResidentPages)
{
    /// <summary>The name in a text that could be parsed.</summary>
    public static ReadOnlySpan<byte> NameIn(ReadOnlySpan<byte> text)
    {
        var open = text.IndexOf((byte)'(');
        return text[(open + 1)..text.LastIndexOf((byte)')')];
    }

    public static bool TryParse(ReadOnlySpan<byte> text, out TaskLook look)
    {
        look = default;
        // The name may contain blanks and parentheses: the last one counts.
        var close = text.LastIndexOf((byte)')');
        if (close < 0 || close + 2 >= text.Length)
            return false;
        text = text[(close + 1)..];
        var state = KernelText.NextWord(ref text)[0];
        Span<long> fields = stackalloc long[25];
        for (var field = 4; field <= 24; field++)
        {
            // Unsigned 64 bit fields that do not fit are none that is kept.
            var word = KernelText.NextWord(ref text);
            if (word.IsEmpty)
                return false;
            fields[field] = Utf8Parser.TryParse(word, out long value, out _) ? value : 0;
        }

        look = new TaskLook(state, (int)fields[4], fields[14] + fields[15], fields[16] + fields[17], (int)fields[19], (int)fields[20], fields[22], fields[24]);
        return true;
    }
}
