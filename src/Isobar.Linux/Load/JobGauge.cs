using System.Buffers.Text;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Load;

/// <summary>What the processes of one job use.</summary>
/// <param name="CpuSeconds">CPU seconds since the job came to this machine, of processes that ended and were waited for too.</param>
/// <param name="ResidentBytes">Memory that is in use.</param>
/// <param name="Processes">Processes, the job's init included.</param>
/// <param name="ReadyThreads">Threads that run or want to run at this moment: what the job wants, not only what it gets.</param>
public readonly record struct JobUse(double CpuSeconds, long ResidentBytes, int Processes, int ReadyThreads);

/// <summary>What one process has used.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Started">When it started, in seconds after boot: numbers are used again.</param>
/// <param name="CpuSeconds">CPU seconds, those of children it waited for included.</param>
public readonly record struct ProcessCpu(int Pid, double Started, double CpuSeconds);

/// <summary>
/// Measures jobs through their first process, whose descendants are the whole job (what loses its parent goes to the job's init). Costs a few system calls a
/// process; buffers are shared by all jobs, so one gauge is for one thread.
/// </summary>
public sealed class JobGauge
{
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int[] _pending = new int[64];
    private int[] _threads = new int[64];
    private int _pendingCount;

    /// <summary>The job's use now; null when its first process is gone or its number is another's by now.</summary>
    /// <param name="init">The first process.</param>
    /// <param name="startTicks">When it started, in clock ticks after boot: numbers are used again.</param>
    public JobUse? Measure(int init, long startTicks)
    {
        long ticks = 0;
        long pages = 0;
        var (processes, ready) = (0, 0);
        _pendingCount = 0;
        Push(init);
        for (var next = 0; next < _pendingCount; next++)
        {
            var pid = _pending[next];
            if (!TryLook($"/proc/{pid}/stat", out var look) || (pid == init && look.StartTicks != startTicks))
            {
                if (pid == init)
                    return null;
                continue;
            }

            processes++;
            ticks += look.Ticks + look.ChildrenTicks;
            pages += look.ResidentPages;
            if (look.Threads <= 1)
            {
                ready += IsReady(in look) ? 1 : 0;
                PushChildren($"/proc/{pid}/task/{pid}/children");
            }
            else
            {
                ready += LookAtThreads(pid);
            }
        }

        return new JobUse((double)ticks / ProcStat.TicksPerSecond, pages * Environment.SystemPageSize, processes, ready);
    }

    /// <summary>CPU time of one process and of the children it waited for; null when it is gone.</summary>
    public ProcessCpu? CpuOf(int pid) => TryLook($"/proc/{pid}/stat", out var look) ? CpuOf(pid, in look) : null;

    /// <summary>Adds the same of each child that a process has now.</summary>
    public void CpuOfChildren(int pid, List<ProcessCpu> users)
    {
        _pendingCount = 0;
        _ = LookAtThreads(pid);
        for (var child = 0; child < _pendingCount; child++)
        {
            if (CpuOf(_pending[child]) is { } cpu)
                users.Add(cpu);
        }
    }

    /// <summary>Bytes that a process has read and written by read and write so far, of files, pipes and devices but not of sockets (which use other calls); 0 when it is gone or another user's.</summary>
    public long FileBytesOf(int pid)
    {
        if (KernelFile.TryRead($"/proc/{pid}/io", _buffer) is not { } length)
            return 0;
        ReadOnlySpan<byte> text = _buffer.AsSpan(0, length);
        long bytes = 0;
        while (KernelText.NextWord(ref text) is { IsEmpty: false } word)
        {
            if ((word.SequenceEqual("rchar:"u8) || word.SequenceEqual("wchar:"u8)) && Utf8Parser.TryParse(KernelText.NextWord(ref text), out long count, out _))
                bytes += count;
        }

        return bytes;
    }

    /// <summary>The parent of a process; 0 when it is gone.</summary>
    public int ParentOf(int pid) => TryLook($"/proc/{pid}/stat", out var look) ? look.Parent : 0;

    private static ProcessCpu CpuOf(int pid, in TaskLook look) =>
        new(pid, (double)look.StartTicks / ProcStat.TicksPerSecond, (double)(look.Ticks + look.ChildrenTicks) / ProcStat.TicksPerSecond);

    private static bool IsReady(in TaskLook look) => look.State == (byte)'R';

    private int LookAtThreads(int pid)
    {
        var ready = 0;
        var count = DirectoryNumbers.Read($"/proc/{pid}/task", _buffer, ref _threads);
        for (var i = 0; i < count; i++)
        {
            if (TryLook($"/proc/{pid}/task/{_threads[i]}/stat", out var look) && IsReady(in look))
                ready++;
            // A child hangs at the thread that forked it.
            PushChildren($"/proc/{pid}/task/{_threads[i]}/children");
        }

        return ready;
    }

    private void PushChildren(string path)
    {
        if (KernelFile.TryRead(path, _buffer) is not { } length)
            return;
        ReadOnlySpan<byte> text = _buffer.AsSpan(0, length);
        while (KernelText.NextWord(ref text) is { IsEmpty: false } word && Utf8Parser.TryParse(word, out int child, out _))
            Push(child);
    }

    private bool TryLook(string path, out TaskLook look)
    {
        look = default;
        return KernelFile.TryReadPiece(path, _buffer) is { } length && TaskLook.TryParse(_buffer.AsSpan(0, length), out look);
    }

    private void Push(int pid)
    {
        if (_pendingCount == _pending.Length)
            Array.Resize(ref _pending, _pendingCount * 2);
        _pending[_pendingCount++] = pid;
    }
}
