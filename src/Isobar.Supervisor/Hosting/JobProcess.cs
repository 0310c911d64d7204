using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Hosting;

/// <summary>The job's processes as they run here: its init, which is our child, and everything in its PID namespace.</summary>
/// <param name="init">The init.</param>
/// <param name="stdio">Our ends of its streams.</param>
/// <param name="mainInside">The number of its main process in its own PID namespace, where that is known; 0 for a job that was just started.</param>
internal sealed class JobProcess(ChildProcess init, JobStdio stdio, int mainInside = 0) : IDisposable
{
    private int _main;

    public ChildProcess Init => init;

    public JobStdio Stdio => stdio;

    /// <summary>The process that the user's shell would have started. Null while the init has not started it yet.</summary>
    public int? Main
    {
        get
        {
            if (_main == 0)
                _main = mainInside == 0 ? FirstChild() : All.FirstOrDefault(pid => Inside(pid) == mainInside);
            return _main == 0 ? null : _main;
        }
    }

    /// <summary>The number of the main process in the job's own PID namespace, which it keeps wherever it is moved; 0 while there is none.</summary>
    public int MainInside => mainInside != 0 ? mainInside : Main is { } main ? Inside(main) : 0;

    /// <summary>All processes of the job, the init first.</summary>
    public IReadOnlyList<int> All => ProcessTree.InNamespaceOf(init.Pid);

    public bool MainIsStopped => Main is { } main && ProcFs.Stat(main) is { IsStopped: true };

    public bool Signal(int signal, SignalScope scope)
    {
        switch (scope)
        {
            case SignalScope.All:
                var any = false;
                foreach (var pid in All)
                    any |= pid != init.Pid && JobSignal.Send(pid, signal);
                return any;
            case SignalScope.Group when Main is { } leader:
                return JobSignal.Send(-leader, signal) || JobSignal.Send(leader, signal);
            default:
                return Main is { } main ? JobSignal.Send(main, signal) : init.Signal(signal);
        }
    }

    /// <summary>Ends everything at once: with the init, the kernel ends its whole namespace.</summary>
    public void Kill() => init.Signal(JobSignal.Kill);

    /// <summary>
    /// CPU time and memory of all its processes. Memory is what the kernel counts as it goes, off by some hundred kB: the exact figure walks the page tables, 40 ms for each
    /// GB, in which the program cannot map memory.
    /// </summary>
    public Usage MeasureUsage()
    {
        var cpu = TimeSpan.Zero;
        long resident = 0;
        var count = 0;
        // Who entered from outside is not the job's use, and to find him takes a look at every process of the machine.
        foreach (var pid in ProcessTree.Descend(init.Pid))
        {
            if (ProcFs.Stat(pid) is not { } stat)
                continue;
            cpu += stat.CpuTime + stat.ChildrenCpuTime;
            resident += stat.ResidentPages * Environment.SystemPageSize;
            count++;
        }

        return new Usage(cpu.TotalSeconds, resident, count);
    }

    public void Dispose()
    {
        stdio.Dispose();
        init.Dispose();
    }

    private static int Inside(int pid) => ProcFs.Status(pid)?.InnermostPid ?? 0;

    // The init starts the main process before it can inherit any other. After a move the order of its children is another (CRIU makes them in an order of its own).
    private int FirstChild()
    {
        Span<byte> buffer = stackalloc byte[64];
        var length = KernelFile.TryRead($"/proc/{init.Pid}/task/{init.Pid}/children", buffer) ?? 0;
        return System.Buffers.Text.Utf8Parser.TryParse(buffer[..length], out int pid, out _) ? pid : 0;
    }
}
