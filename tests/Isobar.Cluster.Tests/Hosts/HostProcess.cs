using System.Diagnostics;
using Isobar.Cli.Sandbox;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>A command that runs in a host, its three streams held by the test.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly MemoryStream _output = new();
    private readonly MemoryStream _error = new();
    private readonly Task _read;

    public HostProcess(SandboxHost host, IReadOnlyList<string> command, string directory)
    {
        // Nothing of the user's own environment: the same test gives the same result for everybody. This runtime ignores SIGPIPE, a shell does not.
        string[] environment = ["env", "-i", "--default-signal=PIPE", "HOME=/root", "LANG=C.UTF-8", "TERM=xterm", "SHELL=/bin/bash", "USER=root", $"PATH={SearchPath}"];
        var line = host.CommandLine([.. environment, .. command], directory);
        var start = new ProcessStartInfo(line[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in line.Skip(1))
            start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException("nsenter did not start.");
        _read = Task.WhenAll(
            CopyAsync(_process.StandardOutput.BaseStream, _output),
            CopyAsync(_process.StandardError.BaseStream, _error));
    }

    /// <summary>isobar before all others, then Debian's own programs (a python of the user's is not the one that Debian tested).</summary>
    public static string SearchPath { get; } =
        $"{Path.GetDirectoryName(Repository.Cli)}:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin";

    public Stream Input => _process.StandardInput.BaseStream;

    public bool HasEnded => _process.HasExited;

    /// <summary>What it has written so far.</summary>
    public string OutputSoFar => Text(_output);

    public string ErrorSoFar => Text(_error);

    public void CloseInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, as after a write that came too late.
        }
    }

    /// <summary>Waits for its end; gives what it wrote as bytes.</summary>
    public async Task<HostResult> EndAsync(CancellationToken cancellation = default)
    {
        CloseInput();
        await _process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        await _read.WaitAsync(cancellation).ConfigureAwait(false);
        return new HostResult(_process.ExitCode, _output.ToArray(), Text(_error));
    }

    /// <summary>Waits until its output contains something.</summary>
    public Task SaysAsync(string text, CancellationToken cancellation = default) =>
        Waiting.ForAsync(
            () => OutputSoFar.Contains(text, StringComparison.Ordinal) || (HasEnded && _read.IsCompleted),
            () => $"'{text}' in the output, which is: {OutputSoFar}{ErrorSoFar}",
            cancellation);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
        await _output.DisposeAsync().ConfigureAwait(false);
        await _error.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task CopyAsync(Stream from, MemoryStream to)
    {
        var buffer = new byte[65536];
        int count;
        while ((count = await from.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            lock (to)
                to.Write(buffer, 0, count);
        }
    }

    private static string Text(MemoryStream stream)
    {
        lock (stream)
            return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}

/// <summary>How a command in a host ended.</summary>
internal sealed record HostResult(int ExitCode, byte[] Bytes, string Error)
{
    public string Output => System.Text.Encoding.UTF8.GetString(Bytes);

    /// <summary>For comparing large outputs.</summary>
    public string Digest => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Bytes));
}
