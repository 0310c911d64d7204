using System.Globalization;
using System.Text;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Launching;

/// <summary>
/// The program's process of a job on a terminal, between its init and the program: leader of its own session already, it opens the terminal, which so becomes
/// its controlling one, and executes the program (Native/terminal.c).
/// </summary>
/// <remarks>
/// The init itself must not hold the terminal: it is of another session, and CRIU cannot restore a terminal that was first seen in a process which it does
/// not control ("No task found with sid 0").
/// </remarks>
internal static class TerminalStage
{
    /// <summary>Which argument is the terminal's path, which is not known before it is made.</summary>
    public const int TerminalAt = 2;

    private const string Name = "terminal";
    private const string None = "-";

    /// <summary>What the init executes instead of the program; the program's path and arguments follow.</summary>
    public static IEnumerable<byte[]> Command(LaunchPlan plan)
    {
        var spec = plan.Spec;
        StdioSpec[] all = [spec.Input, spec.Output, spec.Error];
        var descriptors = Enumerable.Range(0, 3).Where(fd => all[fd].Kind == StdioKind.Terminal);
        var limits = spec.Limits.Select(limit => string.Create(CultureInfo.InvariantCulture, $"{limit.Resource}:{limit.Soft}:{limit.Hard}"));
        string[] arguments = [plan.Place.Launcher, Name, "", string.Concat(descriptors), List(spec.IgnoredSignals), List(limits)];
        return arguments.Select(Encoding.UTF8.GetBytes);
    }

    private static string List<T>(IEnumerable<T> items) => string.Join(',', items) is { Length: > 0 } list ? list : None;
}
