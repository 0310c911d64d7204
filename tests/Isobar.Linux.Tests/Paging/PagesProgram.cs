using System.Diagnostics;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Tests.Paging;

/// <summary>tests/programs/pages.c: a program that judges its own memory, as a job of one process or more.</summary>
internal sealed class PagesProgram : IAsyncDisposable
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(60);
    private static readonly Lazy<string> Compiled = new(Compile);
    private readonly Process _process;

    /// <param name="user">Who runs it; null = who runs the tests.</param>
    public PagesProgram(string? user = null)
    {
        var start = new ProcessStartInfo(user is null ? Compiled.Value : "setpriv") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in user is null ? [] : new[] { $"--reuid={user}", "--clear-groups", Compiled.Value })
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
    }

    public int Pid => _process.Id;

    public IReadOnlyList<int> All => ProcessTree.Descend(Pid);

    public long ResidentBytes => (ProcFs.Stat(Pid)?.ResidentPages ?? 0) * Environment.SystemPageSize;

    public async Task<string> AskAsync(string command)
    {
        await TellAsync(command);
        return await HearAsync();
    }

    public async Task TellAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    public async Task<string> HearAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(AnswersWithin) ?? "ended";

    public async Task EndedAsync() => await _process.WaitForExitAsync().WaitAsync(AnswersWithin);

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string Compile()
    {
        var program = Path.Combine(Directory.CreateTempSubdirectory("isobar-pages").FullName, "pages");
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "isobar.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The sources are not above the tests.");
        using var compiler = Process.Start("gcc", ["-O2", "-pthread", "-o", program, Path.Combine(folder, "tests/programs/pages.c")])!;
        compiler.WaitForExit();
        Assert.Equal(0, compiler.ExitCode);
        File.SetUnixFileMode(Path.GetDirectoryName(program)!, (UnixFileMode)0b111_101_101);
        return program;
    }
}
