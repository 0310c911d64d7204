using System.Collections;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Processes;

/// <summary>
/// Starts programs by posix_spawn(3). A managed process must never fork (its other threads, the collector's among them, are missing in the
/// child), and System.Diagnostics.Process can neither pass descriptors nor give a new session, and reaps with its own SIGCHLD handler.
/// </summary>
public static unsafe class ProcessSpawner
{
    /// <summary>Starts the program; when this returns, its exec has succeeded.</summary>
    /// <exception cref="KernelException">The program or its directory is missing or cannot be executed, or a limit is reached.</exception>
    public static ChildProcess Spawn(SpawnRequest request)
    {
        var actions = stackalloc byte[SpawnNative.FileActionsSize];
        var attributes = stackalloc byte[SpawnNative.AttributesSize];
        var moved = new List<SafeFileHandle>();
        Check(SpawnNative.ActionsInit(actions), request);
        Check(SpawnNative.AttributesInit(attributes), request);
        try
        {
            AddDirectory(actions, request);
            AddDescriptors(actions, request, moved);
            SetAttributes(attributes, request);
            using var path = new StringVector([request.Path]);
            using var arguments = new StringVector(request.Arguments);
            using var environment = new StringVector(request.Environment ?? CurrentEnvironment());
            if (request.NewKeyring)
                SpawnNative.JoinNewKeyring();
            using var slack = TimerSlack.ForChildren(request.TimerSlack);
            Check(SpawnNative.Spawn(out var pid, path.Pointer[0], actions, attributes, arguments.Pointer, environment.Pointer), request);

            // No race: a child of ours keeps its number until we reap it.
            return ChildProcess.Adopt(pid);
        }
        finally
        {
            _ = SpawnNative.ActionsDestroy(actions);
            _ = SpawnNative.AttributesDestroy(attributes);
            foreach (var handle in moved)
                handle.Dispose();
            GC.KeepAlive(request);
        }
    }

    private static void AddDirectory(byte* actions, SpawnRequest request)
    {
        if (request.Directory is null)
            return;
        using var path = new StringVector([request.Directory]);
        Check(SpawnNative.ActionsChangeDirectory(actions, path.Pointer[0]), request);
    }

    private static void AddDescriptors(byte* actions, SpawnRequest request, List<SafeFileHandle> moved)
    {
        var end = request.Descriptors.Count == 0 ? 0 : request.Descriptors.Keys.Max() + 1;

        // Sources are first duplicated above all targets, so that installing one can never overwrite another source.
        foreach (var (target, source) in request.Descriptors)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(target);
            var above = FileDescriptor.Duplicate(source, end);
            moved.Add(above);
            Check(SpawnNative.ActionsDuplicate(actions, FileDescriptor.Number(above), target), request);
        }

        for (var fd = 0; fd < end; fd++)
        {
            if (!request.Descriptors.ContainsKey(fd))
                Check(SpawnNative.ActionsClose(actions, fd), request);
        }

        Check(SpawnNative.ActionsCloseFrom(actions, end), request);
    }

    private static void SetAttributes(byte* attributes, SpawnRequest request)
    {
        var signals = stackalloc byte[SpawnNative.SignalSetSize];
        new Span<byte>(signals, SpawnNative.SignalSetSize).Clear();
        _ = SpawnNative.AttributesSetSignalMask(attributes, signals);
        new Span<byte>(signals, SpawnNative.SignalSetSize).Fill(0xff);
        _ = SpawnNative.AttributesSetSignalDefaults(attributes, signals);
        var flags = SpawnNative.SetSignalDefaults | SpawnNative.SetSignalMask | (request.NewSession ? SpawnNative.SetSession : 0);
        Check(SpawnNative.AttributesSetFlags(attributes, (short)flags), null);
    }

    private static List<string> CurrentEnvironment()
    {
        var list = new List<string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            list.Add($"{entry.Key}={entry.Value}");
        return list;
    }

    private static void Check(int error, SpawnRequest? request)
    {
        if (error == 0)
            return;

        // The C library reports a failed chdir and a failed exec alike: name the one that is to blame.
        if (request?.Directory is { } directory && error == Errno.NoEntry && !Directory.Exists(directory))
            throw new KernelException("start a program in directory", directory, error);
        throw new KernelException("start", request?.Path, error);
    }
}
