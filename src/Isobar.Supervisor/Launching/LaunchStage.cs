using System.Text.Json;
using Isobar.Linux.Files;
using Isobar.Linux.Kernel;
using Isobar.Linux.Mounts;
using Isobar.Linux.Namespaces;
using Isobar.Linux.Sockets;
using Isobar.Linux.Terminals;
using Isobar.Protocol.Jobs;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.Launching;

/// <summary>
/// The life of a job's first process before it is the job's init: born in the job's namespaces by the supervisor, it builds the view of home, takes on
/// the user's identity and executes the init, which starts the program.
/// </summary>
/// <remarks>Descriptors: 0, 1, 2 the job's pipes, 3 the plan, 4 a socket on which a failure or the terminal's master is reported; exec closes 3 and 4.</remarks>
internal static class LaunchStage
{
    public const int PlanDescriptor = 3;
    public const int ReportDescriptor = 4;

    /// <summary>A small init: reaps, makes the program leader of its own session and terminal, and ends with its exit code.</summary>
    public const string Init = "/usr/bin/dumb-init";

    internal const int NotFound = 127;
    internal const int NotExecutable = 126;
    internal const int OurFailure = 125;

    public static int Run()
    {
        try
        {
            // The end of the report's socket tells that the init has taken over.
            Becoming.CloseAtExec(ReportDescriptor);
            var plan = JsonSerializer.Deserialize(ReadPlan(), LaunchJson.Default.LaunchPlan)
                ?? throw new InvalidDataException("The supervisor gave no plan.");
            EnterView(plan);
            var terminal = OpenStdio(plan.Spec);
            return Become(plan, terminal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            return Report(OurFailure, e.Message);
        }
    }

    private static byte[] ReadPlan()
    {
        using var handle = new SafeFileHandle(PlanDescriptor, ownsHandle: true);
        using var stream = new FileStream(handle, FileAccess.Read);
        using var all = new MemoryStream();
        stream.CopyTo(all);
        return all.ToArray();
    }

    private static void EnterView(LaunchPlan plan)
    {
        Mounting.SeparateFromOthers();
        JobMounts.Make(plan.Place, plan.Root, plan.SharedMemory, plan.AtHome);
        Mounting.ChangeRoot(plan.Root);
        OwnNamespaces.SetHostName(plan.Place.HostName, plan.Place.DomainName);
    }

    /// <summary>Returns the job's terminal, when it has one.</summary>
    private static string? OpenStdio(JobSpec spec)
    {
        Span<StdioSpec> all = [spec.Input, spec.Output, spec.Error];
        var terminal = spec.UsesTerminal ? MakeTerminal(spec) : null;
        for (var fd = 0; fd < 3; fd++)
        {
            // Opened inside the job's own view: CRIU finds every file of a job by its place in the job's mounts. Of the terminal the init has no part
            // (TerminalStage opens it).
            if (all[fd].Kind is StdioKind.Null)
                Place("/dev/null", fd == 0 ? 0 : 1, fd);
            else if (all[fd].Kind is StdioKind.Terminal)
                Place("/dev/null", 2, fd);
        }

        if (spec.Error.Kind == StdioKind.SameAsOutput)
            Becoming.Duplicate(1, 2);
        return terminal;
    }

    private static string MakeTerminal(JobSpec spec)
    {
        using var master = PseudoTerminal.OpenMaster("/dev/ptmx");
        // All through the master: a slave that was open once and is closed again would look like a terminal hung up.
        var path = PseudoTerminal.SlavePath("/dev/pts", master);
        PseudoTerminal.GiveTo(path, spec.Uid);
        if (spec.TerminalSettings is { } settings)
            Terminal.SetAttributes(FileDescriptor.Number(master), settings);
        if (spec.Window is { } window)
            Terminal.SetWindow(master, window.Columns, window.Rows);
        DescriptorPassing.Send(ReportDescriptor, [0], FileDescriptor.Number(master));
        return path;
    }

    private static void Place(string path, int flags, int fd)
    {
        using var file = KernelOpen.Open(path, flags);
        Becoming.Duplicate(FileDescriptor.Number(file), fd);
    }

    private static int Become(LaunchPlan plan, string? terminal)
    {
        var spec = plan.Spec;
        foreach (var limit in spec.Limits)
        {
            if (terminal is null)
                Becoming.Limit(limit.Resource, limit.Soft, limit.Hard);
            else
                Becoming.RaiseLimit(limit.Resource, limit.Hard);
        }

        Becoming.Nice(spec.Nice);
        Becoming.User(spec.Uid, spec.Gid, spec.Groups);
        Becoming.Umask(spec.Umask);
        try
        {
            Mounting.ChangeDirectory(spec.Directory);
        }
        catch (KernelException e)
        {
            return Report(OurFailure, e.Message);
        }

        if (spec.Input is { Kind: StdioKind.File, Path: { } path } input)
        {
            using var file = KernelOpen.Open(path, input.Flags);
            OpenFile.Seek(file, input.Offset);
            Becoming.Duplicate(FileDescriptor.Number(file), 0);
        }

        var (program, failure) = ProgramSearch.Find(spec);
        if (program is null)
            return Report(failure!.ExitCode, failure.Reason);
        if (Becoming.MayExecute(Init) != 0)
            return Report(OurFailure, $"The home has no {Init}: install the package dumb-init there.");
        Becoming.Signals(spec.IgnoredSignals);
        List<byte[]> command = ["dumb-init"u8.ToArray(), "--"u8.ToArray()];
        if (terminal is not null)
        {
            if (Becoming.MayExecute(plan.Place.Launcher) != 0)
                return Report(OurFailure, $"The home has no {plan.Place.Launcher}: install Isobar there.");
            command.AddRange(TerminalStage.Command(plan, terminal));
        }
        else if (spec.IgnoredSignals.Count > 0 && !program.Contains((byte)'='))
        {
            // The init sets every signal back to its default for the program; env(1) ignores them anew and then becomes the program. It takes a path with
            // '=' in it for a variable.
            command.AddRange("/usr/bin/env"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes($"--ignore-signal={string.Join(',', spec.IgnoredSignals)}"));
        }

        command.Add(program);
        command.AddRange(spec.Command.Skip(1));
        var error = Becoming.Execute(Init, command, spec.Environment);
        return Report(error == Errno.NoEntry ? NotFound : NotExecutable, new KernelException("execute", Init, error).Message);
    }

    private static int Report(int exitCode, string reason)
    {
        DescriptorPassing.Send(ReportDescriptor, JsonSerializer.SerializeToUtf8Bytes(new LaunchFailure(exitCode, reason), LaunchJson.Default.LaunchFailure));
        return exitCode;
    }
}
