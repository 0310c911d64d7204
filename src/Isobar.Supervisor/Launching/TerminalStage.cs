using System.Text;
using System.Text.Json;
using Isobar.Linux.Kernel;
using Isobar.Linux.Namespaces;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Launching;

/// <summary>
/// The program's process of a job on a terminal, between its init and the program: leader of its own session already, it opens the terminal, which so becomes
/// its controlling one, and executes the program.
/// </summary>
/// <remarks>
/// The init itself must not hold the terminal: it is of another session, and CRIU cannot restore a terminal that was first seen in a process which it does
/// not control ("No task found with sid 0").
/// </remarks>
internal static class TerminalStage
{
    public const string Name = "terminal";

    // Our name, the stage's, the plan.
    private const int OwnArguments = 3;

    /// <summary>What the init executes instead of the program; the program's path and arguments follow.</summary>
    public static IEnumerable<byte[]> Command(LaunchPlan plan, string terminal)
    {
        JobSpec spec = plan.Spec;
        StdioSpec[] all = [spec.Input, spec.Output, spec.Error];
        var descriptors = Enumerable.Range(0, 3).Where(fd => all[fd].Kind == StdioKind.Terminal).ToArray();
        var rest = new TerminalPlan(terminal, descriptors, spec.IgnoredSignals, spec.Limits);
        return
        [
            Encoding.UTF8.GetBytes(plan.Place.Launcher),
            Encoding.UTF8.GetBytes(Name),
            JsonSerializer.SerializeToUtf8Bytes(rest, LaunchJson.Default.TerminalPlan),
        ];
    }

    public static int Run()
    {
        try
        {
            // As the kernel has them: file names need not be UTF-8.
            var arguments = Entries("/proc/self/cmdline");
            var plan = JsonSerializer.Deserialize(arguments[OwnArguments - 1], LaunchJson.Default.TerminalPlan)
                ?? throw new InvalidDataException("The init gave no plan.");
            Open(plan);
            var environment = Entries("/proc/self/environ");
            Becoming.Signals(plan.IgnoredSignals);
            // Last of all: with little memory allowed, this runtime could not have started.
            foreach (var limit in plan.Limits)
                Becoming.Limit(limit.Resource, limit.Soft, limit.Hard);
            var program = arguments[OwnArguments];
            var path = Encoding.UTF8.GetString(program);
            var error = Becoming.Execute(path, arguments[OwnArguments..], environment);
            return Say(error == Errno.NoEntry ? LaunchStage.NotFound : LaunchStage.NotExecutable, new KernelException("execute", path, error).Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            return Say(LaunchStage.OurFailure, e.Message);
        }
    }

    private static void Open(TerminalPlan plan)
    {
        const int ReadWrite = 2;
        // The first terminal that the leader of a session opens becomes its controlling terminal.
        using var terminal = FileDescriptor.Open(plan.Terminal, ReadWrite);
        foreach (var fd in plan.Descriptors)
            Becoming.Duplicate(FileDescriptor.Number(terminal), fd);
    }

    private static int Say(int exitCode, string reason)
    {
        Console.Error.WriteLine($"isobar: {reason}");
        return exitCode;
    }

    private static byte[][] Entries(string file)
    {
        var text = File.ReadAllBytes(file);
        var entries = new List<byte[]>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != 0)
                continue;
            entries.Add(text[start..i]);
            start = i + 1;
        }

        return [.. entries];
    }
}
