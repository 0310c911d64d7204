using System.Globalization;
using System.Text.Json;
using Isobar.Cli.Sandbox;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Cluster;

/// <summary>Three hosts with daemons in one cluster, and on alpha alone the programs that the tests move.</summary>
public class IsobarCluster : IAsyncLifetime
{
    public const string Home = "alpha";

    /// <summary>Only alpha has this folder.</summary>
    public const string Folder = "/srv/isobar-test";

    private int _names;

    internal SandboxCluster Sandbox { get; private set; } = null!;

    internal SandboxDaemons Daemons { get; private set; } = null!;

    /// <summary>How large the hosts are; null = as large as the machine.</summary>
    internal virtual HostLimits? Limits => null;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Sandbox = await TestSandbox.UpAsync(3, Limits);
        try
        {
            Daemons = new SandboxDaemons(Sandbox, Repository.Daemons);
            await Daemons.CreateClusterAsync("tests", Cancellation);
            await PrepareProgramsAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await SandboxCluster.DownAsync(Sandbox.Place, CancellationToken.None);
    }

    /// <summary>A name that no other job has.</summary>
    internal string NewName(string stem) => string.Create(CultureInfo.InvariantCulture, $"{stem}-{Interlocked.Increment(ref _names)}");

    /// <summary>A new empty folder on alpha.</summary>
    internal string NewFolder()
    {
        var folder = $"{Folder}/{NewName("folder")}";
        Directory.CreateDirectory(Seen(Home, folder));
        return folder;
    }

    /// <summary>A file of a host as the test sees it.</summary>
    internal string Seen(string host, string path) => string.Create(CultureInfo.InvariantCulture, $"/proc/{Sandbox.Host(host).Pid}/root{path}");

    internal HostProcess Start(string host, IReadOnlyList<string> command, string directory = Folder) => new(Sandbox.Host(host), command, directory);

    internal async Task<HostResult> RunAsync(string host, params IReadOnlyList<string> command)
    {
        await using var process = Start(host, command);
        return await process.EndAsync(Cancellation);
    }

    internal Task<HostResult> ShAsync(string host, string script) => RunAsync(host, "sh", "-c", script);

    /// <summary>Runs isobar on a host; fails the test when it fails.</summary>
    internal async Task<string> IsobarAsync(string host, params IReadOnlyList<string> arguments)
    {
        var result = await RunAsync(host, ["isobar", .. arguments]);
        Assert.True(result.ExitCode == 0, $"isobar {string.Join(' ', arguments)} on {host} ended with {result.ExitCode}: {result.Error}{await LastWordsAsync()}");
        return result.Output;
    }

    /// <summary>Kills a host's daemon and waits until it is gone: until then it has its lock.</summary>
    internal async Task KillDaemonAsync(string host)
    {
        var result = await ShAsync(host, "p=$(pgrep -x isobard) && kill -KILL $p && for i in $(seq 1000); do kill -0 $p 2> /dev/null || exit 0; sleep 0.02; done; exit 1");
        Assert.True(result.ExitCode == 0, $"isobard on {host} could not be killed: {result.Error}");
    }

    internal async Task<IReadOnlyList<JobStatus>> JobsAsync(string host = Home) =>
        JsonSerializer.Deserialize(await IsobarAsync(host, "ps", "--all", "--json"), JobJson.Default.IReadOnlyListJobStatus)!;

    internal async Task<JobStatus?> FindAsync(string name) => (await JobsAsync()).FirstOrDefault(job => job.Name == name);

    internal async Task<JobStatus> StatusAsync(string name) => await FindAsync(name) ?? throw new InvalidOperationException($"there is no job {name}.");

    internal async Task<IReadOnlyList<MoveRecord>> MovesAsync(string name) =>
        JsonSerializer.Deserialize(await IsobarAsync(Home, "moves", name, "--json"), JobJson.Default.IReadOnlyListMoveRecord)!;

    internal Task RunsAsync(string name) => Waiting.ForAsync(
        async () => await FindAsync(name) is { State: JobState.Running },
        () => $"job {name} to run",
        Cancellation);

    /// <summary>Moves a job and makes sure that it runs there.</summary>
    internal async Task MoveAsync(string name, string target)
    {
        // As its user would: some moments are no good for a move, and the sentence says so.
        if (await RunAsync(Home, "isobar", "migrate", name, target) is { ExitCode: not 0 } failed)
        {
            Assert.Contains("move the job again", failed.Error, StringComparison.Ordinal);
            await IsobarAsync(Home, "migrate", name, target);
        }

        var node = target == "home" ? Home : target;
        Assert.Equal(node, (await StatusAsync(name)).Node);
    }

    /// <summary>The round trip that most tests make: to beta, to gamma, and home again.</summary>
    internal async Task MoveAroundAsync(string name)
    {
        await MoveAsync(name, "beta");
        await MoveAsync(name, "gamma");
        await MoveAsync(name, "home");
    }

    /// <summary>What a host knows of the load of all.</summary>
    internal Task<string> LoadsAsync(string host = Home) => IsobarAsync(host, "nodes", "--age");

    /// <summary>Waits until every host has news of all the others.</summary>
    internal async Task KnowEachOtherAsync()
    {
        foreach (var host in Sandbox.Hosts)
        {
            await Waiting.ForAsync(
                async () => (await RunAsync(host.Name, "isobar", "nodes", "--age")) is { ExitCode: 0 } known && !known.Output.Contains("nothing known", StringComparison.Ordinal),
                () => $"{host.Name} to hear of the others",
                Cancellation);
        }
    }

    /// <summary>What the daemons said last, for the report of a failure.</summary>
    internal async Task<string> LastWordsAsync()
    {
        var words = "";
        foreach (var host in Sandbox.Hosts.Where(SandboxCluster.IsUp))
            words += $"\n-- {host.Name}:\n{(await ShAsync(host.Name, $"tail -n 5 {SandboxDaemons.LogFile}")).Output}";
        return words;
    }

    private async Task PrepareProgramsAsync()
    {
        Directory.CreateDirectory(Seen(Home, Folder));
        string[] compiled = ["shared", "threads", "files", "nameless", "memory", "unmovable", "pages"];
        var build = string.Join(" && ", compiled.Select(program => $"gcc -O2 -pthread -o {program} {Repository.Programs}/{program}.c -lrt"));
        var result = await ShAsync(Home, $"cd {Folder} && {build} && cp {Repository.Programs}/*.sh {Repository.Programs}/*.py {Repository.Programs}/*.js {Repository.Programs}/*.java . && cp -r {Repository.DotnetProgram} dotnet");
        Assert.True(result.ExitCode == 0, result.Error);
    }
}

/// <summary>Tests that leave the cluster as they found it share one, and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SharedCluster : ICollectionFixture<IsobarCluster>
{
    public const string Name = "cluster";
}
