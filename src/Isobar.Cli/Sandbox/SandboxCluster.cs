using System.Globalization;
using Isobar.Linux.Files;

namespace Isobar.Cli.Sandbox;

/// <summary>Several hosts on this machine, each with its own root view, processes, names and network.</summary>
public sealed class SandboxCluster
{
    /// <summary>More would only slow each other down, and the names run out.</summary>
    public const int MostHosts = 100;

    private static readonly string[] GreekNames = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"];

    private readonly SandboxState _state;

    private SandboxCluster(SandboxPlace place, SandboxState state)
    {
        Place = place;
        _state = state;
    }

    public SandboxPlace Place { get; }

    public IReadOnlyList<SandboxHost> Hosts => _state.Hosts;

    /// <summary>The names of the first hosts: alpha, beta, gamma, ... and then host13, host14, ...</summary>
    public static IReadOnlyList<string> DefaultNames(int count) =>
        [.. Enumerable.Range(0, count).Select(i => i < GreekNames.Length ? GreekNames[i] : string.Create(CultureInfo.InvariantCulture, $"host{i + 1}"))];

    /// <summary>Makes the hosts, all with the same limits.</summary>
    /// <exception cref="SandboxException">As the other one.</exception>
    public static Task<SandboxCluster> UpAsync(SandboxPlace place, IReadOnlyList<string> names, HostLimits limits, CancellationToken cancellation) =>
        UpAsync(place, names, [.. names.Select(_ => limits)], cancellation);

    /// <summary>Makes the hosts, each with its own limits; what was made is taken away again when one of them fails.</summary>
    /// <exception cref="SandboxException">It is up already, a name is not valid, the caller is not root, or a tool failed.</exception>
    public static async Task<SandboxCluster> UpAsync(SandboxPlace place, IReadOnlyList<string> names, IReadOnlyList<HostLimits> limits, CancellationToken cancellation)
    {
        RequireRoot();
        Check(names);
        if (Directory.Exists(place.Folder) || SandboxProcesses.Of(place).Count > 0)
            throw new SandboxException($"the sandbox '{place.Name}' is up already, or a crash left some of it: run 'isobar sandbox down' first.");
#pragma warning disable CA1416 // Unix modes exist wherever namespaces do.
        Directory.CreateDirectory(place.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
        try
        {
            return await MakeAsync(place, names, limits, cancellation).ConfigureAwait(false);
        }
        catch
        {
            await DownAsync(place, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A sandbox that is up, or null.</summary>
    public static async Task<SandboxCluster?> FindAsync(SandboxPlace place, CancellationToken cancellation) =>
        await SandboxState.ReadAsync(place, cancellation).ConfigureAwait(false) is { } state ? new SandboxCluster(place, state) : null;

    /// <exception cref="SandboxException">There is none.</exception>
    public static async Task<SandboxCluster> OpenAsync(SandboxPlace place, CancellationToken cancellation) =>
        await FindAsync(place, cancellation).ConfigureAwait(false)
        ?? throw new SandboxException($"the sandbox '{place.Name}' is not up: run 'isobar sandbox up 3' first.");

    /// <summary>Takes away every process, mount, namespace, control group and file of a sandbox, also after a crash; true when there was something.</summary>
    public static async Task<bool> DownAsync(SandboxPlace place, CancellationToken cancellation)
    {
        RequireRoot();
        var any = Directory.Exists(place.Folder) || SandboxProcesses.Of(place).Count > 0;
        await SandboxProcesses.EndAllAsync(place, cancellation).ConfigureAwait(false);
        await HostGroups.RemoveAllAsync(place, cancellation).ConfigureAwait(false);
        if (Directory.Exists(place.Folder))
            FolderRemoval.Remove(place.Folder);
        if (Directory.Exists(SandboxPlace.Home) && !Directory.EnumerateFileSystemEntries(SandboxPlace.Home).Any())
            Directory.Delete(SandboxPlace.Home);
        return any;
    }

    public static bool IsUp(SandboxHost host) => SandboxProcesses.StartOf(host.Pid) == host.Started;

    /// <exception cref="SandboxException">No such host, or its first process ended.</exception>
    public SandboxHost Host(string name)
    {
        var host = Hosts.FirstOrDefault(host => host.Name == name)
            ?? throw new SandboxException($"the sandbox '{Place.Name}' has no host '{name}': it has {string.Join(", ", Hosts.Select(host => host.Name))}.");
        return IsUp(host) ? host : throw new SandboxException($"the host '{name}' is gone: run 'isobar sandbox down' and 'isobar sandbox up'.");
    }

    /// <summary>Runs a command in a host to its end and returns what it printed.</summary>
    public Task<CommandResult> RunAsync(string host, IReadOnlyList<string> command, string? input = null, CancellationToken cancellation = default) =>
        ExternalCommand.RunAsync(Host(host).CommandLine(command), input, cancellation);

    /// <summary>Pulls a host's network cable, or plugs it in again.</summary>
    public Task SetLinkAsync(string host, bool up, CancellationToken cancellation = default) =>
        SandboxNetwork.SetLinkAsync(_state.NetworkPid, Host(host), up, cancellation);

    private static async Task<SandboxCluster> MakeAsync(SandboxPlace place, IReadOnlyList<string> names, IReadOnlyList<HostLimits> limits, CancellationToken cancellation)
    {
        var launcher = new HostLauncher(place);
        var network = await launcher.StartNetworkAsync(cancellation).ConfigureAwait(false);
        await SandboxNetwork.CreateBridgeAsync(network, cancellation).ConfigureAwait(false);
        var cpus = HostCpus.Of(limits);
        var known = string.Join('\n', names.Select((name, i) => $"{SandboxNetwork.AddressOf(i)} {name}"));
        var hosts = await Task.WhenAll(names.Select((name, i) => StartAsync(name, i))).ConfigureAwait(false);
        var state = new SandboxState(place.Name, network, hosts);
        await state.WriteAsync(place, cancellation).ConfigureAwait(false);
        return new SandboxCluster(place, state);

        async Task<SandboxHost> StartAsync(string name, int index)
        {
            var groups = HostGroups.Create(place, name, limits[index], cpus[index]);
            var pid = await launcher.StartHostAsync(name, known, groups, cancellation).ConfigureAwait(false);
            var started = SandboxProcesses.StartOf(pid) ?? throw new SandboxException($"the host '{name}' ended as soon as it had started.");
            var host = new SandboxHost(name, SandboxNetwork.AddressOf(index), pid, started, SandboxNetwork.LinkOf(index), groups);
            await SandboxNetwork.ConnectAsync(network, host, cancellation).ConfigureAwait(false);
            return host;
        }
    }

    private static void Check(IReadOnlyList<string> names)
    {
        if (names.Count is 0 or > MostHosts)
            throw new SandboxException($"a sandbox has 1 to {MostHosts} hosts, not {names.Count}.");
        foreach (var name in names)
        {
            SandboxPlace.RequireName(name, "host");
            if (name == "network")
                throw new SandboxException("'network' cannot be the name of a host: the sandbox keeps its bridge under it.");
        }

        if (names.Distinct().Count() != names.Count)
            throw new SandboxException("two hosts cannot have the same name: name each once.");
    }

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new SandboxException("hosts are made of namespaces, mounts and network links: run this as root.");
    }
}
