using System.Diagnostics;
using Isobar.Linux.Fuse;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>A home directory and a view of it, both below a temporary directory, removed at the end.</summary>
internal sealed class MountedView : IAsyncDisposable
{
    private readonly bool _ownsHome;

    private MountedView(LoopbackHome server, FileViewMount mount, string home, string view, bool ownsHome)
    {
        (Server, Mount, Home, View) = (server, mount, home, view);
        _ownsHome = ownsHome;
    }

    public LoopbackHome Server { get; }

    public FileViewMount Mount { get; }

    /// <summary>The served directory itself.</summary>
    public string Home { get; }

    /// <summary>Where it is shown.</summary>
    public string View { get; }

    public static async Task<MountedView> CreateAsync(FileCredentials? credentials = null, string? home = null, FileViewMountOptions? options = null, FileViewServerOptions? serving = null, CancellationToken cancellation = default)
    {
        var root = Directory.CreateTempSubdirectory("isobar-view-").FullName;
        await RunAsync("/bin/chmod", ["755", root], "/");
        var view = Directory.CreateDirectory(Path.Combine(root, "view")).FullName;
        home ??= Directory.CreateDirectory(Path.Combine(root, "home")).FullName;
        var server = new LoopbackHome(home, credentials, serving);
        var mount = await FileViewMount.MountAsync(view, server.ConnectAsync, options, cancellation);
        return new MountedView(server, mount, home, view, ownsHome: true);
    }

    /// <summary>A second machine's view of the same home.</summary>
    public async Task<MountedView> AnotherAsync()
    {
        var view = Directory.CreateTempSubdirectory("isobar-view-").FullName;
        var mount = await FileViewMount.MountAsync(view, Server.ConnectAsync);
        return new MountedView(Server, mount, Home, view, ownsHome: false);
    }

    public string At(string name) => Path.Combine(View, name);

    public string AtHome(string name) => Path.Combine(Home, name);

    /// <summary>Runs a shell script in the view in a process of its own; fails the test if the script does, or hangs.</summary>
    public Task<string> ShellAsync(string script) => RunAsync("/bin/bash", ["-euc", script], View);

    /// <summary>Runs python likewise.</summary>
    public Task<string> PythonAsync(string script) => RunAsync("/usr/bin/env", ["python3", "-c", script], View);

    public async ValueTask DisposeAsync()
    {
        await Mount.DisposeAsync();
        if (_ownsHome)
            await Server.DisposeAsync();
        Directory.Delete(View);
        if (_ownsHome)
            Isobar.Linux.Files.FolderRemoval.Remove(Path.GetDirectoryName(View)!);
    }

    internal static async Task<string> RunAsync(string program, string[] arguments, string directory, int seconds = 100)
    {
        var start = new ProcessStartInfo("/usr/bin/env", ["-C", directory, "timeout", "-k", "1", $"{seconds}", program, .. arguments])
        {
            WorkingDirectory = "/",
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"exit {process.ExitCode}\n{await output}\n{await errors}");
        return await output;
    }
}
