using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Tests.Paging;

/// <summary>tests/programs/pages.c: a program that judges its own memory, as a job of one process or more.</summary>
/// <remarks>Not by System.Diagnostics.Process, which waits for all children itself and so takes away what their tracer waits for.</remarks>
internal sealed class PagesProgram : IAsyncDisposable
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(60);
    private static readonly Lazy<string> Compiled = new(Compile);
    private readonly ChildProcess _process;
    private readonly StreamWriter _input;
    private readonly StreamReader _output;

    /// <param name="user">Who runs it; null = who runs the tests.</param>
    public PagesProgram(string? user = null)
    {
        using var input = KernelPipe.Create();
        using var output = KernelPipe.Create();
        _process = Spawn(user is null ? [Compiled.Value] : ["/usr/bin/setpriv", $"--reuid={user}", "--clear-groups", Compiled.Value], input.ReadEnd, output.WriteEnd);
        _input = new StreamWriter(new FileStream(FileDescriptor.Duplicate(input.WriteEnd), FileAccess.Write, 0)) { AutoFlush = true };
        _output = new StreamReader(new FileStream(FileDescriptor.Duplicate(output.ReadEnd), FileAccess.Read, 0));
    }

    public int Pid => _process.Pid;

    public IReadOnlyList<int> All => ProcessTree.Descend(Pid);

    public long ResidentBytes => (ProcFs.Stat(Pid)?.ResidentPages ?? 0) * Environment.SystemPageSize;

    public async Task<string> AskAsync(string command)
    {
        await TellAsync(command);
        return await HearAsync();
    }

    public Task TellAsync(string command) => _input.WriteLineAsync(command);

    public async Task<string> HearAsync() => await _output.ReadLineAsync().WaitAsync(AnswersWithin) ?? "ended";

    /// <summary>How it ended; null when a tracer, which is this very process here, was told instead of its parent.</summary>
    public async Task<ExitStatus?> EndedAsync()
    {
        try
        {
            return await _process.WaitAsync().WaitAsync(AnswersWithin);
        }
        catch (KernelException e) when (e.ErrorNumber == Errno.NoChild)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pid in All)
            SignalSender.Send(pid, 9);
        await EndedAsync();
        _process.Dispose();
        await _input.DisposeAsync();
        _output.Dispose();
    }

    private static ChildProcess Spawn(string[] command, SafeFileHandle input, SafeFileHandle output)
    {
        using var errors = new SafeFileHandle(2, ownsHandle: false);
        return ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = command[0],
            Arguments = command,
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = input, [1] = output, [2] = errors },
        });
    }

    private static string Compile()
    {
        // Where every user may run it; of all tests together.
        var place = Directory.CreateTempSubdirectory("isobar-pages").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(place, true);
        var program = Path.Combine(place, "pages");
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "isobar.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The sources are not above the tests.");
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        using var compiler = Spawn(["/usr/bin/gcc", "-O2", "-pthread", "-o", program, Path.Combine(folder, "tests/programs/pages.c")], nothing, nothing);
        Assert.True(compiler.WaitAsync().GetAwaiter().GetResult().Succeeded);
        File.SetUnixFileMode(Path.GetDirectoryName(program)!, (UnixFileMode)0b111_101_101);
        return program;
    }
}
