using Isobar.Linux.Kernel;
using Isobar.Linux.Namespaces;
using Isobar.Linux.Pipes;
using Isobar.Linux.Processes;
using Isobar.Linux.Sockets;
using Isobar.Supervisor.Hosting;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.Launching;

/// <summary>Starts a job: its first process is born in new namespaces and turns into its init (<see cref="LaunchStage"/>).</summary>
internal static class JobLauncher
{
    private const int ReadWrite = 2;
    private const NamespaceKinds JobNamespaces = NamespaceKinds.Mount | NamespaceKinds.HostName | NamespaceKinds.Ipc | NamespaceKinds.Pid;

    /// <summary>The running job, or the failure to report in its stead.</summary>
    public static async Task<(JobProcess? Job, LaunchFailure? Failure)> LaunchAsync(LaunchPlan plan, CancellationToken cancellationToken)
    {
        var stdio = JobStdio.CreateFor(plan.Spec);
        var (ours, theirs) = SocketPairs.Create();
        using var scriptPipe = KernelPipe.Create();
        var script = LaunchStage.Of(plan);
        ChildProcess init;
        using var nothing = FileDescriptor.Open("/dev/null", ReadWrite);
        using (theirs)
        using (stdio.JobEnds)
        {
            var descriptors = new Dictionary<int, SafeFileHandle>
            {
                [LaunchStage.ScriptDescriptor] = scriptPipe.ReadEnd,
                [LaunchStage.ReportDescriptor] = theirs,
            };
            for (var fd = 0; fd < 3; fd++)
                descriptors[fd] = stdio.JobEnds[fd] ?? nothing;
            init = OwnNamespaces.RunIn(JobNamespaces, () => ProcessSpawner.Spawn(new SpawnRequest
            {
                Path = "/proc/self/exe",
                Arguments = ["isobar-launch", LaunchStage.Name],
                Environment = [],
                Descriptors = descriptors,
                NewSession = true,
                NewKeyring = true,
            }));
        }

        using (ours)
        {
            await WriteAsync(scriptPipe, script, cancellationToken).ConfigureAwait(false);
            var failure = await ReadReportAsync(ours, script, stdio, cancellationToken).ConfigureAwait(false);
            if (failure is not null)
            {
                stdio.Dispose();
                await init.WaitAsync(cancellationToken).ConfigureAwait(false);
                init.Dispose();
                return (null, failure);
            }
        }

        return (new JobProcess(init, stdio), null);
    }

    private static async Task WriteAsync(KernelPipe pipe, LaunchScript script, CancellationToken cancellationToken)
    {
        pipe.ReadEnd.Dispose();
        using var writer = new DescriptorStream(pipe.WriteEnd);
        var text = script.ToMemory();
        while (text.Length > 0)
        {
            var written = await writer.WriteSomeAsync(text, cancellationToken).ConfigureAwait(false);
            if (written < 0)
                return; // It ended early; its report tells why.
            text = text[written..];
        }
    }

    private static async Task<LaunchFailure?> ReadReportAsync(SafeFileHandle ours, LaunchScript script, JobStdio stdio, CancellationToken cancellationToken)
    {
        var buffer = new byte[LaunchScript.ReportLength];
        var report = new List<byte>();
        while (true)
        {
            await Readiness.Shared.ReadableAsync(ours, cancellationToken).ConfigureAwait(false);
            var length = DescriptorPassing.Receive(FileDescriptor.Number(ours), buffer, out var descriptors);
            if (descriptors.Length > 0)
            {
                stdio.TakeTerminal(descriptors[0]);
                continue;
            }

            if (length == 0)
                break;
            report.AddRange(buffer.AsSpan(0, length));
        }

        return report.Count == 0 ? null : script.Explain(report.ToArray());
    }
}
