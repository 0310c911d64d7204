using System.Diagnostics;
using System.Globalization;

namespace Isobar.FileView.Bench;

/// <summary>Another process of this program; it ends when its input does.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    public double MemoryMegabytes => PeakMemory(_process.Id);

    public double ProcessorSeconds => ProcessorTime(_process.Id);

    public static Child Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };

        // The runtime would take a lock on every file it opens, which is no part of what is measured.
        start.Environment["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = "1";
        return new Child(Process.Start(start)!);
    }

    /// <summary>VmHWM of a process, MB.</summary>
    public static double PeakMemory(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) ?? "VmHWM: 0 kB";
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>User and system time of a process, s (fields 14 and 15 of /proc/PID/stat, in hundredths).</summary>
    public static double ProcessorTime(int pid)
    {
        var fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
    }

    public async Task<string> ReadLineAsync(bool json = false)
    {
        var line = json ? await _process.StandardOutput.ReadToEndAsync() : await _process.StandardOutput.ReadLineAsync();
        return string.IsNullOrEmpty(line) ? throw new InvalidOperationException("A process of the benchmark ended early.") : line;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
