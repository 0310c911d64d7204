using System.Text;
using Isobar.Linux.Kernel;
using Isobar.Linux.Namespaces;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Launching;

/// <summary>Finds the program as a shell does, in the job's own view and with its user's rights.</summary>
internal static class ProgramSearch
{
    /// <summary>The path to execute, or the failure as a shell would give it: 127 not found, 126 found but not executable.</summary>
    public static (byte[]? Path, LaunchFailure? Failure) Find(JobSpec spec)
    {
        var name = Encoding.UTF8.GetString(spec.Command[0]);
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return Becoming.MayExecute(name) switch
            {
                0 when Directory.Exists(name) => (null, new LaunchFailure(126, $"{name}: is a directory")),
                0 => (spec.Command[0], null),
                Errno.NoEntry or Errno.NotDirectory => (null, new LaunchFailure(127, $"{name}: no such file or directory")),
                _ => (null, new LaunchFailure(126, $"{name}: permission denied")),
            };
        }

        var refused = false;
        foreach (var directory in SearchPath(spec).Split(':'))
        {
            var path = directory.Length == 0 ? name : $"{directory}/{name}";
            var error = Becoming.MayExecute(path);
            if (error == 0 && File.Exists(path))
                return (Encoding.UTF8.GetBytes(path), null);
            refused |= error == Errno.AccessDenied && File.Exists(path);
        }

        return refused
            ? (null, new LaunchFailure(126, $"{name}: permission denied"))
            : (null, new LaunchFailure(127, $"{name}: command not found"));
    }

    private static string SearchPath(JobSpec spec)
    {
        foreach (var entry in spec.Environment)
        {
            if (entry.AsSpan().StartsWith("PATH="u8))
                return Encoding.UTF8.GetString(entry.AsSpan(5));
        }

        return "/usr/local/bin:/usr/bin:/bin";
    }
}
