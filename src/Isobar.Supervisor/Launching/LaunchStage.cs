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

    private const int NotFound = 127;
    private const int NotExecutable = 126;
    private const int OurFailure = 125;

    public static int Run()
    {
        try
        {
            // The end of the report's socket tells that the init has taken over.
            Becoming.CloseAtExec(ReportDescriptor);
            var plan = JsonSerializer.Deserialize(ReadPlan(), LaunchJson.Default.LaunchPlan)
                ?? throw new InvalidDataException("The supervisor gave no plan.");
            EnterView(plan);
            OpenStdio(plan.Spec);
            return Become(plan.Spec);
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

    private static void OpenStdio(JobSpec spec)
    {
        Span<StdioSpec> all = [spec.Input, spec.Output, spec.Error];
        if (all.ContainsAnyTerminal())
        {
            using var master = PseudoTerminal.OpenMaster("/dev/ptmx");
            using var slave = PseudoTerminal.OpenSlave("/dev/pts", PseudoTerminal.SlaveNumber(master));
            PseudoTerminal.GiveTo(slave, spec.Uid);
            if (spec.Window is { } window)
                Terminal.SetWindow(slave, window.Columns, window.Rows);
            DescriptorPassing.Send(ReportDescriptor, [0], FileDescriptor.Number(master));
            for (var fd = 0; fd < 3; fd++)
            {
                if (all[fd].Kind == StdioKind.Terminal)
                    Becoming.Duplicate(FileDescriptor.Number(slave), fd);
            }
        }

        for (var fd = 0; fd < 3; fd++)
        {
            // Opened inside the job's own view: CRIU finds every file of a job by its place in the job's mounts.
            if (all[fd].Kind == StdioKind.Null)
                Place("/dev/null", fd == 0 ? 0 : 1, fd);
        }

        if (spec.Error.Kind == StdioKind.SameAsOutput)
            Becoming.Duplicate(1, 2);
    }

    private static void Place(string path, int flags, int fd)
    {
        using var file = KernelOpen.Open(path, flags);
        Becoming.Duplicate(FileDescriptor.Number(file), fd);
    }

    private static int Become(JobSpec spec)
    {
        foreach (var limit in spec.Limits)
            Becoming.Limit(limit.Resource, limit.Soft, limit.Hard);
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
        var command = new List<byte[]> { "dumb-init"u8.ToArray(), "--"u8.ToArray() };
        // The init sets every signal back to its default for the program; env(1) ignores them anew and then becomes the program. It takes a path with '=' in it for a variable.
        if (spec.IgnoredSignals.Count > 0 && !program.Contains((byte)'='))
            command.AddRange("/usr/bin/env"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes($"--ignore-signal={string.Join(',', spec.IgnoredSignals)}"));
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

    private static bool ContainsAnyTerminal(this Span<StdioSpec> all)
    {
        foreach (var one in all)
        {
            if (one.Kind == StdioKind.Terminal)
                return true;
        }

        return false;
    }
}
