using System.Globalization;
using System.Text;
using Isobar.Linux.Kernel;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Launching;

/// <summary>
/// The life of a job's first process before it is the job's init: born in the job's namespaces by the supervisor, it builds the view of home, takes on
/// the user's identity and executes the init, which starts the program. What it does, as a script; Native/launch.c does it.
/// </summary>
/// <remarks>Descriptors: 0, 1, 2 the job's pipes, 3 the script, 4 a socket on which a failure or the terminal's master is reported; exec closes 3 and 4.</remarks>
internal static class LaunchStage
{
    public const string Name = "launch";
    public const int ScriptDescriptor = 3;
    public const int ReportDescriptor = 4;

    /// <summary>A small init: reaps, makes the program leader of its own session and terminal, and ends with its exit code.</summary>
    public const string Init = "/usr/bin/dumb-init";

    internal const int NotFound = 127;
    internal const int NotExecutable = 126;
    internal const int OurFailure = 125;

    public static LaunchScript Of(LaunchPlan plan)
    {
        var script = new LaunchScript();
        EnterView(script, plan);
        OpenStdio(script, plan.Spec);
        BecomeUser(script, plan.Spec);
        Execute(script, plan);
        return script;
    }

    private static void EnterView(LaunchScript script, LaunchPlan plan)
    {
        script.Add(LaunchStep.Separate, "leave the machine's mounts", null, []);
        JobMounts.Make(script, plan.Place, plan.Root, plan.SharedMemory, plan.AtHome);
        script.Add(LaunchStep.ChangeRoot, "change the root to", plan.Root, [], Text(plan.Root));
        script.Add(LaunchStep.HostName, "set the host name", plan.Place.HostName, [], Text(plan.Place.HostName), Text(plan.Place.DomainName));
    }

    private static void OpenStdio(LaunchScript script, JobSpec spec)
    {
        const int ReadWrite = 2;
        if (spec.UsesTerminal)
            script.Add(LaunchStep.Terminal, "make the job's terminal", null, [spec.Uid, spec.Window?.Columns ?? 0, spec.Window?.Rows ?? 0], spec.TerminalSettings ?? []);
        Span<StdioSpec> all = [spec.Input, spec.Output, spec.Error];
        for (var fd = 0; fd < 3; fd++)
        {
            // Opened inside the job's own view: CRIU finds every file of a job by its place in the job's mounts. Of the terminal the init has no part
            // (TerminalStage opens it).
            if (all[fd].Kind is StdioKind.Null or StdioKind.Terminal)
                Open(script, "/dev/null", all[fd].Kind is StdioKind.Terminal ? ReadWrite : fd == 0 ? 0 : 1, fd, 0);
        }

        if (spec.Error.Kind == StdioKind.SameAsOutput)
            script.Add(LaunchStep.Copy, "place a descriptor", null, [1, 2]);
    }

    private static void Open(LaunchScript script, string path, int flags, int fd, long offset) =>
        script.Add(LaunchStep.Open, "open", path, [flags, fd, offset], Text(path));

    private static void BecomeUser(LaunchScript script, JobSpec spec)
    {
        // O_CREAT, O_EXCL, O_TRUNC had their effect when the shell opened the file.
        const int OnceOnly = 0x40 | 0x80 | 0x200;
        foreach (var limit in spec.Limits)
        {
            // What the terminal's stage sets later, when it is the user's already, must not be too little for itself.
            if (spec.UsesTerminal)
                script.Add(LaunchStep.HardLimit, Number($"set resource limit {limit.Resource}"), null, [limit.Resource, (long)limit.Hard]);
            else
                script.Add(LaunchStep.Limit, Number($"set resource limit {limit.Resource}"), null, [limit.Resource, (long)limit.Soft, (long)limit.Hard]);
        }

        script.Add(LaunchStep.OutOfMemory, "set the preference for want of memory", null, [], Text(Number($"{spec.OutOfMemoryAdjustment}")));
        script.Add(LaunchStep.Nice, "set the nice value", null, [spec.Nice]);
        script.Add(LaunchStep.User, Number($"take on user {spec.Uid}"), null, [spec.Uid, spec.Gid, .. spec.Groups]);
        script.Add(LaunchStep.Mask, "set the file mode mask", null, [spec.Umask]);
        script.Add(LaunchStep.Enter, "enter the directory", spec.Directory, [], Text(spec.Directory));
        if (spec.Input is { Kind: StdioKind.File, Path: { } path } input)
            Open(script, path, input.Flags & ~OnceOnly, 0, input.Offset);
    }

    private static void Execute(LaunchScript script, LaunchPlan plan)
    {
        var spec = plan.Spec;
        ProgramSearch.Add(script, spec);
        script.Add(LaunchStep.Signals, "set the signals", null, [.. spec.IgnoredSignals]);
        List<byte[]> command = ["dumb-init"u8.ToArray(), "--"u8.ToArray()];
        var (terminalAt, plainFrom, plainTo) = (0, 0, 0);
        if (spec.UsesTerminal)
        {
            script.Add(LaunchStep.Need, _ => new LaunchFailure(OurFailure, $"The home has no {plan.Place.Launcher}: install Isobar there."), [], Text(plan.Place.Launcher));
            terminalAt = command.Count + TerminalStage.TerminalAt;
            command.AddRange(TerminalStage.Command(plan));
        }
        else if (spec.IgnoredSignals.Count > 0)
        {
            // The init sets every signal back to its default for the program; env(1) ignores them anew and then becomes the program. It takes a path with
            // '=' in it for a variable, and is left out then.
            plainFrom = command.Count;
            command.AddRange("/usr/bin/env"u8.ToArray(), Text($"--ignore-signal={string.Join(',', spec.IgnoredSignals)}"));
            plainTo = command.Count;
        }

        var programAt = command.Count;
        command.Add([]);
        command.AddRange(spec.Command.Skip(1));
        script.Add(LaunchStep.Execute, NotStarted, [command.Count, programAt, terminalAt, plainFrom, plainTo], [Text(Init), .. command, .. spec.Environment]);
    }

    private static LaunchFailure NotStarted(int error) => error == Errno.NoEntry
        ? new LaunchFailure(OurFailure, $"The home has no {Init}: install the package dumb-init there.")
        : new LaunchFailure(NotExecutable, new KernelException("execute", Init, error).Message);

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
