using System.Buffers.Text;
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

    private readonly KernelFileReader _loadAverage = new("/proc/loadavg");
    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly int _self = Environment.ProcessId;
    private readonly int _ownNice = OwnPriority.Nice;
    private readonly bool _isNested = IsNestedNamespace();
    private readonly Dictionary<int, long> _ticks = [];
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
            if (pid == _self || !TryStat(pid, out var look, out var name) || IsIsobars(in look, name))
                continue;
            ready += look.Threads <= 1 ? (look.State == (byte)'R' ? 1 : 0) : ReadyThreads(pid, in look);
        }

        if (_generation % 64 == 0)
            Forget(count);
        return ready;
    }

    /// <summary>
    /// Of a process with threads the main one's state says little. Its threads are looked at only if it used any CPU since the look before: those of a
    /// daemon that waits cost nothing.
    /// </summary>
    private int ReadyThreads(int pid, in TaskLook look)
    {
        var moved = !_ticks.TryGetValue(pid, out var before) || before != look.Ticks;
        _ticks[pid] = look.Ticks;
        if (!moved && look.State != (byte)'R')
            return 0;
        var ready = 0;
        var threads = DirectoryNumbers.Read($"/proc/{pid}/task", _buffer, ref _threads);
        foreach (var thread in _threads.AsSpan(0, threads))
        {
            if (KernelFile.TryRead($"/proc/{pid}/task/{thread}/stat", _buffer) is { } length && TaskLook.TryParse(_buffer.AsSpan(0, length), out var one) && one.State == (byte)'R')
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
        if (KernelFile.TryRead($"/proc/{pid}/stat", _buffer) is not { } length || !TaskLook.TryParse(_buffer.AsSpan(0, length), out look))
            return false;
        name = TaskLook.NameIn(_buffer.AsSpan(0, length));
        return true;
    }

    private void Forget(int count)
    {
        foreach (var pid in _ticks.Keys)
        {
            if (!_processes.AsSpan(0, count).Contains(pid))
                _gone.Add(pid);
        }

        foreach (var pid in _gone)
            _ticks.Remove(pid);
        _gone.Clear();
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
