using System.Net;
using System.Net.Sockets;
using System.Text;
using Isobar.Linux.Criu;
using Isobar.Linux.Criu.Images;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Tests.Criu;

/// <summary>A program in its own PID, mount, IPC and UTS namespaces, with pipes as stdin and stdout. Everything of it lives below one directory of a tmpfs.</summary>
internal sealed class CriuTestJob : IAsyncDisposable
{
    // Every open file must lie in the job's own mount namespace: stderr is therefore set to the pipe, and nothing else is open.
    private const string Launch = """
        set -e
        R=$1; S=$2; shift 2
        mount --bind / $R; cd $R
        mount -t proc proc proc; mount --bind /sys sys; mount --bind /dev dev
        mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
        mount --bind $S dev/shm
        pivot_root . mnt; umount -l /mnt; cd /
        exec 2>&1 setsid dumb-init -- "$@"
        """;

    private static int _counter;

    private CriuTestJob(CriuInstallation criu, string directory)
    {
        Criu = criu;
        Directory = directory;
        foreach (var name in (string[])["root", "shm", "work", "images"])
            System.IO.Directory.CreateDirectory(Path.Combine(directory, name));
    }

    public static string Python { get; } = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

    public CriuInstallation Criu { get; }

    public string Directory { get; }

    public string Root => Path.Combine(Directory, "root");

    public string Work => Path.Combine(Directory, "work");

    public string Images => Path.Combine(Directory, "images");

    public string SharedMemory => Path.Combine(Directory, "shm");

    public int InitPid { get; private set; }

    /// <summary>unshare before the first move, the restored init after it.</summary>
    public ChildProcess Child { get; private set; } = null!;

    public SafeFileHandle Output { get; private set; } = null!;

    public SafeFileHandle Input { get; private set; } = null!;

    public long ImageBytes { get; private set; }

    public SafeFileHandle? Terminal { get; private set; }

    public string InputKey { get; private set; } = "";

    public string OutputKey { get; private set; } = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<CriuTestJob> StartShellAsync(string script) => StartAsync("/bin/bash", "-c", script);

    public static Task<CriuTestJob> StartPythonAsync(string script) => StartAsync(Python, "-u", "-c", script);

    public static async Task<CriuTestJob> StartAsync(params string[] command)
    {
        var directory = $"/dev/shm/isobar-criu-{Environment.ProcessId}-{Interlocked.Increment(ref _counter)}";
        var job = new CriuTestJob(await CriuLocator.FindAsync(Token), directory);
        using var input = KernelPipe.Create();
        using var output = KernelPipe.Create();
        using var nothing = FileDescriptor.Open("/dev/null", 2);
        job.Input = FileDescriptor.Duplicate(input.WriteEnd);
        job.Output = FileDescriptor.Duplicate(output.ReadEnd);
        job.Child = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = "/usr/bin/unshare",
            Arguments = ["unshare", "--pid", "--mount", "--ipc", "--uts", "--fork", "--propagation", "private", "/bin/bash", "-c", Launch, "launch", job.Root, job.SharedMemory, .. command],
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = input.ReadEnd, [1] = output.WriteEnd, [2] = nothing },
        });
        job.InputKey = ProcFs.Descriptors(Environment.ProcessId)[FileDescriptor.Number(input.ReadEnd)];
        job.OutputKey = ProcFs.Descriptors(Environment.ProcessId)[FileDescriptor.Number(output.WriteEnd)];
        for (var i = 0; ; i++)
        {
            var tree = ProcessTree.Descend(job.Child.Pid);
            if (tree.Count > 2 && ProcFs.CommandLine(tree[1]) is ["dumb-init", ..] && ProcFs.CommandLine(tree[2]) is [var started, ..] && started == command[0])
            {
                job.InitPid = tree[1];
                return job;
            }

            Assert.True(i < 500, "The job does not start.");
            await Task.Delay(10, Token);
        }
    }

    public CriuDumpOptions DumpOptions => DumpOptionsFor(Directory, InitPid);

    public CriuRestoreOptions RestoreOptions => RestoreOptionsFor(Directory);

    public static CriuDumpOptions DumpOptionsFor(string directory, int init) => new()
    {
        InitPid = init,
        WorkDirectory = Path.Combine(directory, "work"),
        Externals = ["mnt[/dev]:dev", "mnt[/sys]:sys", "mnt[/dev/shm]:shm"],
    };

    public static CriuRestoreOptions RestoreOptionsFor(string directory) => new()
    {
        ImageDirectory = Path.Combine(directory, "images"),
        WorkDirectory = Path.Combine(directory, "work"),
        Root = Path.Combine(directory, "root"),
        Externals = ["mnt[dev]:/dev", "mnt[sys]:/sys", $"mnt[shm]:{Path.Combine(directory, "shm")}"],
    };

    public CriuRestoreOptions WithStdio(CriuRestoreOptions options, SafeFileHandle input, SafeFileHandle output) => options with
    {
        InheritedDescriptors = new Dictionary<string, SafeFileHandle> { [InputKey] = input, [OutputKey] = output },
    };

    /// <summary>Dumps through a loopback connection into <see cref="Images"/>.</summary>
    public async Task<CriuDumpResult> DumpAsync(Func<CancellationToken, Task<bool>> atFrozenPoint, CriuDumpOptions? options = null)
    {
        Isobar.Linux.Files.FolderRemoval.Remove(Images);
        System.IO.Directory.CreateDirectory(Images);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Token);
        using var server = await listener.AcceptTcpClientAsync(Token);
        client.NoDelay = true;
        using var target = new ImageDirectory(Images);
        var receiving = new ImageStreamReader(server.GetStream(), target).ReceiveAsync(Token);
        var writer = new ImageStreamWriter(client.GetStream());
        var result = await CriuDump.RunAsync(Criu, options ?? DumpOptions, writer, async t => { await receiving; return await atFrozenPoint(t); }, Token);
        ImageBytes = writer.Bytes;
        return result;
    }

    /// <summary>Restores from <see cref="Images"/>; stdin and stdout become new pipes, the first output being what was left in the old one.</summary>
    public async Task<CriuRestoreResult> RestoreAsync(
        Func<CriuRestored, CancellationToken, Task<bool>>? beforeResume = null, CriuRestoreOptions? options = null, CancellationTokenSource? cancel = null)
    {
        Mount(Root);
        try
        {
            using var input = KernelPipe.Create();
            using var output = KernelPipe.Create();
            options = WithStdio(options ?? RestoreOptions, input.ReadEnd, output.WriteEnd);
            var result = await CriuRestore.RunAsync(Criu, options, beforeResume ?? ((_, _) => Task.FromResult(true)), cancel?.Token ?? Token);
            InputKey = ProcFs.Descriptors(Environment.ProcessId)[FileDescriptor.Number(input.ReadEnd)];
            OutputKey = ProcFs.Descriptors(Environment.ProcessId)[FileDescriptor.Number(output.WriteEnd)];
            Input.Dispose();
            Output.Dispose();
            Input = FileDescriptor.Duplicate(input.WriteEnd);
            Output = FileDescriptor.Duplicate(output.ReadEnd);
            InitPid = result.Init.Pid;
            Child.Dispose();
            Child = result.Init;
            if (result.TerminalMaster is { } master)
                TakeTerminal(master);
            return result;
        }
        finally
        {
            Unmount(Root);
        }
    }

    /// <summary>Dumps, kills, restores. Returns what the job had written before and nobody had read.</summary>
    public async Task<string> MoveAsync(bool terminal = false)
    {
        var dump = await DumpAsync(_ => Task.FromResult(true), DumpOptions with { OrphanTerminal = terminal });
        Assert.Equal(DumpOutcome.Killed, dump.Outcome);
        await Child.WaitAsync(Token);
        var left = await ReadToEndAsync();
        var restored = await RestoreAsync(options: RestoreOptions with { OrphanTerminal = terminal });
        Assert.Equal(terminal, restored.TerminalMaster is not null);
        return left;
    }

    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        while (await ReadAsync() is { Length: > 0 } part)
            text.Append(part);
        return text.ToString();
    }

    /// <summary>The next piece of output; empty at the end.</summary>
    public async Task<string> ReadAsync()
    {
        var buffer = new byte[65536];
        using var copy = FileDescriptor.Duplicate(Output);
        using var stream = new FileStream(copy, FileAccess.Read, 0);
        var count = await Task.Run(() => stream.Read(buffer), Token).WaitAsync(TimeSpan.FromSeconds(20), Token);
        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    /// <summary>Reads until the text ends with the marker.</summary>
    public async Task<string> ReadUntilAsync(string marker)
    {
        var text = "";
        while (!text.Contains(marker, StringComparison.Ordinal))
        {
            var part = await ReadAsync();
            Assert.True(part.Length > 0, $"The job ended before it wrote '{marker}'; it wrote '{text}'.");
            text += part;
        }

        return text;
    }

    /// <summary>Programs that run until they are told look for /dev/shm/stop.</summary>
    public void Stop() => File.WriteAllText(Path.Combine(SharedMemory, "stop"), "");

    public string TerminalText { get; private set; } = "";

    public void TakeTerminal(SafeFileHandle master)
    {
        Terminal?.Dispose();
        Terminal = master;
    }

    /// <summary>Types on the terminal and reads until the marker comes back.</summary>
    public async Task TypeAsync(string text, string marker)
    {
        Write(text, Terminal);
        TerminalText = "";
        var buffer = new byte[4096];
        using var copy = FileDescriptor.Duplicate(Terminal!);
        using var stream = new FileStream(copy, FileAccess.Read, 0);
        while (!TerminalText.Contains(marker, StringComparison.Ordinal))
        {
            var reading = Task.Run(() => stream.Read(buffer), Token);
            Assert.True(await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(20), Token)) == reading, $"The terminal says only '{TerminalText}'.");
            TerminalText += Encoding.UTF8.GetString(buffer, 0, await reading);
        }
    }

    public void Write(string text, SafeFileHandle? to = null)
    {
        using var copy = FileDescriptor.Duplicate(to ?? Input);
        using var stream = new FileStream(copy, FileAccess.Write, 0);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    public async ValueTask DisposeAsync()
    {
        using (var init = PidFd.TryOpen(InitPid))
        {
            if (init is not null && !Child.HasExited)
                PidFd.Signal(init, 9);
        }

        await Child.WaitAsync(CancellationToken.None);
        Child.Dispose();
        Input.Dispose();
        Output.Dispose();
        Terminal?.Dispose();
        // The machine's own root may still be bound here (a test that failed or was killed between Mount and Unmount), and a recursive delete
        // would go through it and delete the machine. A plain rmdir fails on a mount point: then nothing is deleted at all.
        System.IO.Directory.Delete(Root, recursive: false);
        foreach (var path in (string[])[SharedMemory, Work, Images])
            Isobar.Linux.Files.FolderRemoval.Remove(path);
        System.IO.Directory.Delete(Directory, recursive: false);
    }

    public static void Run(string program, params string[] arguments)
    {
        using var child = ProcessSpawner.Spawn(new SpawnRequest { Path = program, Arguments = [program, .. arguments], Descriptors = StandardError() });
        Assert.Equal(0, child.WaitAsync(Token).WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult().ShellCode);
    }

    public static void Mount(string root) => Run("/usr/bin/mount", "--bind", "--make-private", "/", root);

    public static void Unmount(string root) => Run("/usr/bin/umount", "-l", root);

    private static Dictionary<int, SafeFileHandle> StandardError() => new() { [2] = new SafeFileHandle(2, false) };
}
