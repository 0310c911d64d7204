using Isobar.Linux.Kernel;
using Isobar.Linux.Pipes;
using Isobar.Protocol.Jobs;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.Hosting;

/// <summary>The supervisor's ends of a job's descriptors 0, 1, 2: pipes, or the master of its terminal.</summary>
internal sealed class JobStdio : IDisposable
{
    private readonly string?[] _pipeNames = new string?[3];

    private JobStdio(JobEnds jobEnds) => JobEnds = jobEnds;

    /// <summary>What the job's first process gets; null where it opens something itself. Closed by the launcher after the start.</summary>
    public JobEnds JobEnds { get; }

    /// <summary>Where input is written, when it is a pipe.</summary>
    public DescriptorStream? Input { get; private set; }

    /// <summary>A second reading end of the input pipe: after a freeze, what the job left unread is read here.</summary>
    public DescriptorStream? InputLeftover { get; private set; }

    /// <summary>Where output arrives, when it is a pipe.</summary>
    public DescriptorStream? Output { get; private set; }

    public DescriptorStream? Error { get; private set; }

    /// <summary>The terminal's master: input and output.</summary>
    public DescriptorStream? Terminal { get; private set; }

    /// <summary>How CRIU's images name the job's ends of the pipes, by descriptor: <c>pipe:[12345]</c>.</summary>
    public IReadOnlyList<string?> PipeNames => _pipeNames;

    public static JobStdio CreateFor(JobSpec spec)
    {
        var ends = new SafeFileHandle?[3];
        var stdio = new JobStdio(new JobEnds(ends));
        if (spec.Input.Kind == StdioKind.Pipe)
        {
            var pipe = KernelPipe.Create();
            ends[0] = pipe.ReadEnd;
            stdio.Input = new DescriptorStream(pipe.WriteEnd);
            stdio.InputLeftover = Reopen(pipe.ReadEnd);
        }

        if (spec.Output.Kind == StdioKind.Pipe)
            stdio.Output = NewOutput(ends, 1);
        if (spec.Error.Kind == StdioKind.Pipe)
            stdio.Error = NewOutput(ends, 2);
        for (var fd = 0; fd < 3; fd++)
            stdio._pipeNames[fd] = ends[fd] is { } end ? NameOf(end) : null;
        return stdio;
    }

    /// <summary>The job's terminal was made inside its own view; here is its master.</summary>
    public void TakeTerminal(SafeFileHandle master)
    {
        Terminal?.Dispose();
        Terminal = new DescriptorStream(master);
    }

    /// <summary>Nobody will read or write any more: the job gets SIGPIPE, end of file, SIGHUP from its terminal.</summary>
    public void HangUp()
    {
        Input?.Dispose();
        Output?.Dispose();
        Error?.Dispose();
        Terminal?.Dispose();
    }

    public void Dispose()
    {
        HangUp();
        InputLeftover?.Dispose();
        JobEnds.Dispose();
    }

    private static DescriptorStream NewOutput(SafeFileHandle?[] ends, int fd)
    {
        var pipe = KernelPipe.Create();
        ends[fd] = pipe.WriteEnd;
        return new DescriptorStream(pipe.ReadEnd);
    }

    // Opened anew, not duplicated: reading without blocking is a property of the open file, and the job's must stay as it is.
    private static DescriptorStream Reopen(SafeFileHandle readEnd) =>
        new(FileDescriptor.Open($"/proc/self/fd/{FileDescriptor.Number(readEnd)}", flags: 0x800));

    private static string NameOf(SafeFileHandle pipe) =>
        new FileInfo($"/proc/self/fd/{FileDescriptor.Number(pipe)}").LinkTarget ?? throw new IOException("A pipe of the job has no name.");
}

/// <summary>The ends that go to the job.</summary>
internal sealed class JobEnds(SafeFileHandle?[] ends) : IDisposable
{
    public SafeFileHandle? this[int fd] => ends[fd];

    public void Dispose()
    {
        foreach (var end in ends)
            end?.Dispose();
    }
}
