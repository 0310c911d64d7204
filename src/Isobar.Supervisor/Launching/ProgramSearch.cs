using System.Text;
using Isobar.Linux.Kernel;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Launching;

/// <summary>Finds the program as a shell does, in the job's own view and with its user's rights; else 127 not found, 126 found but not executable.</summary>
internal static class ProgramSearch
{
    public static void Add(LaunchScript script, JobSpec spec)
    {
        var name = spec.Command[0];
        var isPath = name.Contains((byte)'/');
        script.Add(LaunchStep.Find, error => Failure(Encoding.UTF8.GetString(name), isPath, error), [isPath ? 1 : 0], isPath ? [name] : [.. Places(name, spec)]);
    }

    private static LaunchFailure Failure(string name, bool isPath, int error) => error switch
    {
        Errno.IsDirectory => new LaunchFailure(LaunchStage.NotExecutable, $"{name}: is a directory"),
        Errno.NoEntry => new LaunchFailure(LaunchStage.NotFound, $"{name}: {(isPath ? "no such file or directory" : "command not found")}"),
        _ => new LaunchFailure(LaunchStage.NotExecutable, $"{name}: permission denied"),
    };

    private static IEnumerable<byte[]> Places(byte[] name, JobSpec spec)
    {
        foreach (var directory in Encoding.Latin1.GetString(SearchPath(spec)).Split(':'))
            yield return directory.Length == 0 ? name : [.. Encoding.Latin1.GetBytes(directory), (byte)'/', .. name];
    }

    private static byte[] SearchPath(JobSpec spec)
    {
        foreach (var entry in spec.Environment)
        {
            if (entry.AsSpan().StartsWith("PATH="u8))
                return entry[5..];
        }

        return "/usr/local/bin:/usr/bin:/bin"u8.ToArray();
    }
}
