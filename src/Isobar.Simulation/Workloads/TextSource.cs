using System.Diagnostics;

namespace Isobar.Simulation.Workloads;

/// <summary>Reads lines of a text file, plain or compressed by xz (through the xz program of the machine: traces are large, and .NET has no xz).</summary>
public static class TextSource
{
    /// <summary>Lines of the file one by one; throws <see cref="SimulationException"/> when it cannot be read.</summary>
    public static IEnumerable<string> Lines(string path)
    {
        if (!File.Exists(path))
            throw new SimulationException($"There is no file {path}; give the path of a process trace (.csv) or of an SWF file, plain or .xz.");

        return path.EndsWith(".xz", StringComparison.Ordinal) ? LinesThroughXz(path) : File.ReadLines(path);
    }

    private static IEnumerable<string> LinesThroughXz(string path)
    {
        using var xz = Start(path);
        while (xz.StandardOutput.ReadLine() is { } line)
            yield return line;

        xz.WaitForExit();
        if (xz.ExitCode != 0)
            throw new SimulationException($"xz could not read {path} (exit code {xz.ExitCode}); check the file with xz -t.");
    }

    private static Process Start(string path)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("xz", ["-dc", "--", path]) { RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception absent)
        {
            throw new SimulationException($"The program xz, which reads {path}, is not installed; install xz-utils or unpack the file.", absent);
        }
    }
}
