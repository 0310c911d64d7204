using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Hosting;

/// <summary>The job's processes as they run here: its init, which is our child, and everything in its PID namespace.</summary>
internal sealed class JobProcess(ChildProcess init, JobStdio stdio) : IDisposable
{
    private int _main;

    public ChildProcess Init => init;

    public JobStdio Stdio => stdio;

    /// <summary>The process that the user's shell would have started: the init's first child. Null while the init has not started it yet.</summary>
    public int? Main
    {
        get
        {
            if (_main == 0)
                _main = FirstChild();
            return _main == 0 ? null : _main;
        }
    }

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

    public Usage MeasureUsage()
    {
        var cpu = TimeSpan.Zero;
        long resident = 0;
        var count = 0;
        foreach (var pid in All)
        {
            if (ProcFs.Stat(pid) is not { } stat)
                continue;
            cpu += stat.CpuTime + stat.ChildrenCpuTime;
            resident += ProcFs.ResidentBytes(pid);
            count++;
        }

        return new Usage(cpu.TotalSeconds, resident, count);
    }

    public void Dispose()
    {
        stdio.Dispose();
        init.Dispose();
    }

    private int FirstChild()
    {
        Span<byte> buffer = stackalloc byte[64];
        var length = KernelFile.TryRead($"/proc/{init.Pid}/task/{init.Pid}/children", buffer) ?? 0;
        return System.Buffers.Text.Utf8Parser.TryParse(buffer[..length], out int pid, out _) ? pid : 0;
    }
}
