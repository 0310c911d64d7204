using System.Runtime.InteropServices;
using System.Text;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu;

/// <summary>
/// The action script by which `criu dump` tells us that it is at its post-dump point, and waits for our verdict.
/// Why not the RPC's notification: CRIU 4.2 streams images on its command line only (over RPC it aborts: img-streamer.c gets mode -1 from
/// cr-service.c). The script lives in a memfd, since directories of memory file systems are often mounted noexec. It reaches us by our
/// /proc/PID/fd: when this process is dead, opening fails or reading ends, the script fails, and CRIU lets the tasks run on. By -p the shell keeps root
/// as its effective user when the real one is another (<see cref="CriuIdentity"/>).
/// </summary>
internal sealed partial class FrozenPoint : IDisposable
{
    private const uint CloseOnExec = 1;

    private readonly SafeFileHandle _script;
    private readonly KernelPipe _verdict = KernelPipe.Create();
    private int _answered;

    /// <param name="finished">Gets a byte when CRIU is at the point.</param>
    public FrozenPoint(SafeFileHandle finished)
    {
        _script = FileDescriptor.Own(CreateMemoryFile("isobar-post-dump", CloseOnExec), "make a memory file");
        var us = $"/proc/{Environment.ProcessId}/fd";
        var text = $"""
            #!/bin/sh -p
            [ "$CRTOOLS_SCRIPT_ACTION" = post-dump ] || exit 0
            echo >{us}/{FileDescriptor.Number(finished)} && read -r verdict <{us}/{FileDescriptor.Number(_verdict.ReadEnd)} && [ "$verdict" = kill ]

            """;
        RandomAccess.Write(_script, Encoding.ASCII.GetBytes(text), 0);
        ScriptPath = $"{us}/{FileDescriptor.Number(_script)}";
    }

    public string ScriptPath { get; }

    /// <summary>Lets CRIU go on: it kills the tasks or lets them run. Only the first answer counts.</summary>
    public unsafe void Answer(bool kill)
    {
        if (Interlocked.Exchange(ref _answered, 1) != 0)
            return;
        var text = kill ? "kill\n"u8 : "run\n"u8;
        fixed (byte* start = text)
            _ = LibC.Write(FileDescriptor.Number(_verdict.WriteEnd), start, text.Length);
    }

    public void Dispose()
    {
        _script.Dispose();
        _verdict.Dispose();
    }

    [LibraryImport(LibC.Name, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);
}
