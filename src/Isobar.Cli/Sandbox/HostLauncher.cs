using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Isobar.Cli.Sandbox;

/// <summary>Starts the first processes of a sandbox, detached from whoever asked for it.</summary>
internal sealed class HostLauncher(SandboxPlace place)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>A process that does nothing but keep a network namespace alive.</summary>
    public Task<int> StartNetworkAsync(CancellationToken cancellation) =>
        LaunchAsync("network", ["--net"], "read -r pid rest < /proc/self/stat; echo $pid > \"$1/first\"; exec sleep infinity", [], cancellation);

    public Task<int> StartHostAsync(string name, string hosts, IReadOnlyList<string> groups, CancellationToken cancellation) =>
        LaunchAsync(name, ["--net", "--mount", "--ipc", "--uts", "--pid", "--fork"], InitScript(), [name, hosts, string.Join(' ', groups)], cancellation);

    private async Task<int> LaunchAsync(string what, IReadOnlyList<string> namespaces, string script, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var folder = place.HostFolder(what);
        Directory.CreateDirectory(folder);
        var log = Path.Combine(folder, "log");
        var first = Path.Combine(folder, "first");
        // setsid --fork: the host must not end with the terminal or the session it was made from. Its environment is made anew, since what is
        // set in the user's shell is not set on a machine that just booted.
        var start = new ProcessStartInfo("setsid");
        string[] line =
        [
            "--fork", "env", "-i", $"{SandboxPlace.MarkerVariable}={place.Folder}", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
            "sh", "-c", "log=$1; shift; exec \"$@\" > \"$log\" 2>&1 < /dev/null", "launch", log,
            "unshare", .. namespaces, "sh", "-c", script, what, folder, .. arguments,
        ];
        foreach (var argument in line)
            start.ArgumentList.Add(argument);
        start.WorkingDirectory = "/";
        using (var process = ExternalCommand.Start(start))
        {
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }

        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            if (File.Exists(first) && int.TryParse(await File.ReadAllTextAsync(first, cancellation).ConfigureAwait(false), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid))
                return pid;
            var waited = Stopwatch.GetElapsedTime(since);
            if (waited > Patience || (waited > TimeSpan.FromSeconds(1) && SandboxProcesses.Of(place).Count == 0))
                throw new SandboxException($"'{what}' of the sandbox did not start: {await ComplaintAsync(log, cancellation).ConfigureAwait(false)}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellation).ConfigureAwait(false);
        }
    }

    private static async Task<string> ComplaintAsync(string log, CancellationToken cancellation)
    {
        var said = File.Exists(log) ? (await File.ReadAllTextAsync(log, cancellation).ConfigureAwait(false)).TrimEnd() : "";
        return said.Length > 0 ? said.Split('\n')[^1] : "it said nothing.";
    }

    private static string InitScript()
    {
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream("HostInit.sh")
            ?? throw new InvalidOperationException("HostInit.sh is not embedded in this program.");
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }
}
