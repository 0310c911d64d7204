using System.Globalization;
using System.Text.Json;
using Isobar.Balancing.Profiles;
using Isobar.Cli.Sandbox;
using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Balancing;

/// <summary>
/// Shipped profiles on real hosts, one after the other: what their systems are known for. Jobs are beta's, so that the manager of a central profile (alpha, the
/// oldest member) is asked by another machine. Of Sprite's and Condor's constants the times are shorter, and the machine's own load does not count: tests use it.
/// </summary>
[Collection(SharedCluster.Name)]
public sealed class LiveProfileTests(IsobarCluster cluster) : IAsyncLifetime
{
    private const string User = "beta";
    private static readonly string[] Hosts = ["alpha", "beta", "gamma"];

    /// <summary>A machine on which other tests run is not idle by Sprite's measure: here only the owner counts.</summary>
    private const string Busy = "\"minShort\": 50, \"minMedium\": 50, \"minLong\": 50, \"maxShort\": 60, \"maxMedium\": 60, \"maxLong\": 60";

    private const string Turns = """{ "name": "turns", "load": { "policy": "mean" }, "dissemination": { "policy": "gossip" }, "consideration": { "rules": [ { "policy": "in-turn", "youngSeconds": 0.2 } ] } }""";

    /// <summary>A machine has as many turns as cores, so a job has a process for each; so all processes of a job are looked at, too.</summary>
    private const string Spins = "for i in $(seq $(nproc)); do (while :; do :; done) & done; wait";

    private readonly List<string> _jobs = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await cluster.KnowEachOtherAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _jobs)
            await cluster.RunAsync(User, "isobar", "kill", "-s", "KILL", job);
        await cluster.IsobarAsync(IsobarCluster.Home, "config", "unset", "profile");
    }

    [Fact]
    public async Task Every_shipped_profile_can_be_switched_to_and_runs_a_job_without_a_complaint_in_any_log()
    {
        var before = await ComplaintsAsync();
        await StartAsync("waits", "sleep", "1000");
        foreach (var profile in ProfileReader.Shipped)
        {
            await UseAsync(profile);
            var said = await cluster.RunAsync(User, "isobar", "run", "echo", profile);
            Assert.Equal((0, $"{profile}\n"), (said.ExitCode, said.Output));
        }

        Assert.Equal(JobState.Running, (await JobAsync("waits")).State);
        Assert.Equal(before, await ComplaintsAsync());
    }

    [Fact]
    public async Task OpenMosix_sends_two_datagrams_a_second_and_its_vector_holds_no_more_than_it_may()
    {
        const double seconds = 6;
        await UseAsync("openmosix");
        var before = await SentAsync();
        await Task.Delay(TimeSpan.FromSeconds(seconds), Cancellation);
        var after = await SentAsync();
        foreach (var host in Hosts)
            Assert.InRange((after[host].Sent - before[host].Sent) / (after[host].At - before[host].At), 1.2, 2.8);
        Assert.All(await KnownAsync(), known => Assert.Equal(2, known));
        // Of eight places three hosts fill two: that a vector has an end is seen with one place.
        await UseAsync("""{ "name": "one-place", "load": { "policy": "mosix" }, "dissemination": { "policy": "two-random", "vector": 1 } }""", "one-place");
        await Waiting.ForAsync(async () => (await KnownAsync()).All(known => known == 1), () => "every host to know one other", Cancellation);
        await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);
        Assert.All(await KnownAsync(), known => Assert.Equal(1, known));
    }

    [Fact]
    public async Task Sprite_takes_the_host_that_is_idle_longest_and_sends_the_guest_home_when_its_owner_types()
    {
        await UseAsync(Shortened("sprite", dissemination: "\"tickSeconds\": 1", period: 1, rule: $"\"noInputSeconds\": 14, {Busy}"), "sprite");
        // One of the two was typed at just now: the other one has been quiet for longer, whatever tests before this one did.
        var (first, second) = await InputIdleAsync("alpha") > await InputIdleAsync("gamma") ? ("alpha", "gamma") : ("gamma", "alpha");
        await using (var touched = await TypeAsync(second))
            await WaitForInputAsync(second);
        await TakesGuestsAsync(15, first);
        await StartAsync("guest", "sleep", "1000");
        Assert.True((await JobAsync("guest")).Node == first, await WhyAsync("guest"));
        Assert.Contains("the longest of", await WhyAsync("guest"), StringComparison.Ordinal);
        Assert.Contains("says its manager alpha", await WhyAsync("guest"), StringComparison.Ordinal);

        await using var owner = await TypeAsync(first);
        var why = "";
        await Waiting.ForAsync(
            async () =>
            {
                why = await WhyAsync("guest");
                return (await JobAsync("guest")).Node == User;
            },
            () => $"the guest to leave {first}: {why}",
            Cancellation);
        var moves = JsonSerializer.Deserialize(await cluster.IsobarAsync(User, "moves", "guest", "--json"), JobJson.Default.IReadOnlyListMoveRecord)!;
        Assert.StartsWith("sprite:", moves.Last(move => move.Committed).Why, StringComparison.Ordinal);
        // And while he types none comes there.
        await StartAsync("later", "sleep", "1000");
        Assert.NotEqual(first, (await JobAsync("later")).Node);
    }

    [Fact]
    public async Task Condor_starts_on_an_idle_machine_suspends_at_its_owners_key_and_vacates_after_a_while()
    {
        const int suspended = 4;
        await UseAsync(
            Shortened("condor", "\"tickSeconds\": 1", 1, $"\"startIdleSeconds\": 16, \"keyboardBusySeconds\": 15, \"maxSuspendSeconds\": {suspended}, \"backgroundLoad\": 0.9, \"highLoad\": 0.95"), "condor");
        // Who starts jobs sits at his machine, so that it is none for guests.
        await using var user = await TypeAsync(User);
        await TakesGuestsAsync(17, "alpha", "gamma");
        await StartAsync("guest", "sleep", "1000");
        var there = (await JobAsync("guest")).Node;
        Assert.NotEqual(User, there);
        await using var owner = await TypeAsync(there);
        await Waiting.ForAsync(async () => (await JobAsync("guest")) is { Suspended: { } why } && why.Contains("is suspended", StringComparison.Ordinal), () => $"the guest on {there} to be suspended", Cancellation);
        var since = TimeProvider.System.GetTimestamp();
        await Waiting.ForAsync(async () => (await JobAsync("guest")).Node != there, () => $"the guest to be vacated from {there}", Cancellation);
        // The wait began up to a look later than the suspension.
        Assert.InRange(TimeProvider.System.GetElapsedTime(since).TotalSeconds, suspended - 1.5, 90);
        var job = await JobAsync("guest");
        // Idle as it was before, the third machine takes it; its home would take it back.
        Assert.Equal(there == "alpha" ? "gamma" : "alpha", job.Node);
        await Waiting.ForAsync(async () => (await JobAsync("guest")).Suspended is null, () => "the guest to run again", Cancellation);
        Assert.Contains("instead of", await WhyAsync("guest"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Concert_places_by_what_earlier_runs_have_taught_also_those_before_it_was_chosen()
    {
        // Long enough to be measured, which is done each two seconds.
        const string program = "end=$(($(date +%s) + 6)); while [ $(date +%s) -lt $end ]; do i=$((i + 1)); done";
        await cluster.IsobarAsync(User, "run", "sh", "-c", program);
        await UseAsync("concert");
        await StartAsync("learnt", "sh", "-c", program);
        Assert.Contains("known runs", await WhyAsync("learnt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mosix2_freezes_above_its_red_mark_and_thaws_below_the_blue_one()
    {
        await UseAsync("""{ "name": "marks", "load": { "policy": "mosix" }, "dissemination": { "policy": "gossip" }, "consideration": { "rules": [ { "policy": "freeze", "red": 2, "blue": 2 } ] } }""", "marks");
        string[] jobs = ["one", "two", "three"];
        foreach (var job in jobs)
            await StartAsync(job, ["sleep", "1000"], "--home");
        JobStatus? frozen = null;
        await Waiting.ForAsync(async () => (frozen = (await JobsAsync()).SingleOrDefault(job => job is { IsFrozen: true, Suspended: not null })) is not null, () => "one of three to be frozen", Cancellation);
        Assert.Contains("the red mark is 2", frozen!.Suspended, StringComparison.Ordinal);
        await cluster.IsobarAsync(User, "kill", "-s", "KILL", jobs.First(job => job != frozen.Name));
        await Waiting.ForAsync(async () => (await JobsAsync()).Single(job => job.Id == frozen.Id).Suspended is null, () => "the frozen one to be thawed", Cancellation);
    }

    [Fact]
    public async Task In_turn_all_but_the_oldest_run_in_the_background_until_it_has_ended_or_they_are_elsewhere_or_the_profile_changes()
    {
        await UseAsync(Turns, "turns");
        string[] jobs = ["first", "second", "third", "fourth"];
        var mark = cluster.NewName("spins");
        foreach (var job in jobs)
            await StartAsync(job, ["sh", "-c", $": {mark}-{job}-; {Spins}"], "--home");
        await Waiting.ForAsync(async () => (await JobsAsync()).Count(job => job.Background is not null) == 3, () => "three of four to wait for their turn", Cancellation);
        var oldest = (await JobsAsync()).Single(job => job.Background is null).Name!;
        Assert.Contains("tasks of older jobs of its user", (await JobsAsync()).First(job => job.Background is not null).Background, StringComparison.Ordinal);
        var waiting = jobs.Except([oldest]).ToList();
        foreach (var job in jobs)
            await WeighsAsync(job == oldest ? "TS" : "IDL", User, mark, job);

        // Elsewhere it is alone: CRIU has not kept what it was here.
        await cluster.IsobarAsync(User, "migrate", waiting[0], "gamma");
        await Waiting.ForAsync(async () => (await JobAsync(waiting[0])) is { Node: "gamma", Background: null, State: JobState.Running }, () => $"{waiting[0]} to run on gamma", Cancellation);
        await WeighsAsync("TS", "gamma", mark, waiting[0]);

        await cluster.IsobarAsync(User, "kill", "-s", "KILL", oldest);
        await Waiting.ForAsync(async () => (await JobsAsync()).Count(job => job.Background is not null) == 1, () => "one of the two to have its turn", Cancellation);
        var last = (await JobsAsync()).Single(job => job.Background is not null).Name!;
        await WeighsAsync("TS", User, mark, waiting.Skip(1).Single(job => job != last));
        await WeighsAsync("IDL", User, mark, last);

        await UseAsync("local");
        await Waiting.ForAsync(async () => (await JobAsync(last)).Background is null, () => $"{last} to come forward", Cancellation);
        await WeighsAsync("TS", User, mark, last);
    }

    [Fact]
    public async Task After_a_move_that_failed_a_job_is_in_the_background_as_before()
    {
        await UseAsync(Turns, "turns");
        var mark = cluster.NewName("spins");
        var (ahead, held, gate) = ($"{mark}-ahead", $"{mark}-held", $"{cluster.NewFolder()}/gate");
        try
        {
            await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--home", "--name", ahead, "sh", "-c", Spins);
            await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);
            await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--home", "--name", held, "sh", "-c", $": {mark}-held-; ./unmovable {gate} & {Spins}");
            await Waiting.ForAsync(async () => (await cluster.StatusAsync(held)).Background is not null, () => $"{held} to wait for its turn", Cancellation);
            await WeighsAsync("IDL", IsobarCluster.Home, mark, "held");
            var move = await cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", held, "gamma");
            Assert.Equal(125, move.ExitCode);
            await WeighsAsync("IDL", IsobarCluster.Home, mark, "held");
        }
        finally
        {
            foreach (var job in (string[])[ahead, held])
                await cluster.RunAsync(IsobarCluster.Home, "isobar", "kill", "-s", "KILL", job);
        }
    }

    private async Task WeighsAsync(string wanted, string host, string mark, string job)
    {
        var seen = "";
        await Waiting.ForAsync(async () => (seen = await ClassAsync(host, mark, job)) == wanted, () => $"{job} on {host} to be {wanted} and not {seen}", Cancellation);
    }

    // Of all processes of a job; more than one word when they differ.
    private async Task<string> ClassAsync(string host, string mark, string job)
    {
        var seen = await cluster.ShAsync(host, $"ps -eo cls=,args= | grep -F -- '{mark}-{job}-' | grep -v grep");
        return string.Join(' ', seen.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimStart().Split(' ')[0]).Distinct());
    }

    private static string Shortened(string profile, string dissemination, int period, string rule)
    {
        var settings = ProfileReader.Load(profile).Settings;
        return $$"""
            { "name": "{{profile}}", "load": { "policy": "ewma", "periodSeconds": 1, "stepSeconds": 1, "perCapacity": false },
              "dissemination": { "policy": "{{settings.Dissemination.Policy}}", {{dissemination}} },
              "consideration": { "scope": "central", "periodSeconds": {{period}}, "rules": [ { "policy": "{{settings.Rules[0].Policy}}", {{rule}} } ] }, "move": "eager" }
            """;
    }

    private async Task UseAsync(string profile, string? name = null)
    {
        await cluster.IsobarAsync(IsobarCluster.Home, "config", "set", "profile", profile);
        foreach (var host in Hosts)
            await Waiting.ForAsync(async () => await ProfileOfAsync(host) == (name ?? profile), () => $"{host} to run {name ?? profile}", Cancellation);
    }

    private Task StartAsync(string name, params string[] command) => StartAsync(name, command, []);

    private async Task StartAsync(string name, string[] command, params string[] options)
    {
        _jobs.Add(name);
        await cluster.IsobarAsync(User, ["run", "--detach", "--name", name, .. options, .. command]);
    }

    private async Task<IReadOnlyList<JobStatus>> JobsAsync() => [.. (await cluster.JobsAsync(User)).Where(job => _jobs.Contains(job.Name!) && job.State is not (JobState.Done or JobState.Lost))];

    private async Task<JobStatus> JobAsync(string name) => (await JobsAsync()).Single(job => job.Name == name);

    private Task<string> WhyAsync(string job) => cluster.IsobarAsync(User, "why", job);

    /// <summary>Somebody who types each second until he is disposed of.</summary>
    private async Task<Typist> TypeAsync(string host)
    {
        var typist = new Typist(cluster.Start(host, ["script", "-qc", "cat > /dev/null", "/dev/null"], "/"));
        await WaitForInputAsync(host);
        return typist;
    }

    private Task WaitForInputAsync(string host) => Waiting.ForAsync(async () => await InputIdleAsync(host) < 12, () => $"input to be seen on {host}", Cancellation);

    private async Task<double> InputIdleAsync(string host)
    {
        using var shown = JsonDocument.Parse(await cluster.IsobarAsync(host, "owner", "show", "--json"));
        return shown.RootElement.TryGetProperty("inputIdleSeconds", out var idle) && idle.ValueKind == JsonValueKind.Number ? idle.GetDouble() : double.PositiveInfinity;
    }

    /// <summary>Waits until nobody has typed at hosts for so long, and the manager has heard of them that they take guests. What it knows may be of the profile before, under which nobody asked who types.</summary>
    private async Task TakesGuestsAsync(int idleSeconds, params string[] hosts)
    {
        foreach (var host in hosts)
            await Waiting.ForAsync(async () => await InputIdleAsync(host) > idleSeconds, () => $"{host} to be without input for {idleSeconds} s", Cancellation);
        await Waiting.ForAsync(
            async () => (await NodesAsync("alpha")).Where(node => hosts.Contains(node.Name)).All(node => node is { IsKnown: true, IsOpen: true }),
            () => $"alpha to hear that {string.Join(" and ", hosts)} take guests",
            Cancellation);
    }

    private async Task<List<(string Name, bool IsKnown, bool IsOpen)>> NodesAsync(string host)
    {
        using var told = JsonDocument.Parse(await cluster.IsobarAsync(host, "nodes", "--age", "--json"));
        return [.. told.RootElement.GetProperty("nodes").EnumerateArray().Select(node => (
            node.GetProperty("name").GetString()!,
            node.TryGetProperty("ageSeconds", out var age) && age.ValueKind == JsonValueKind.Number,
            !node.GetProperty("flags").EnumerateArray().Any(flag => flag.GetString() is "blocked" or "owner")))];
    }

    private async Task<List<int>> KnownAsync()
    {
        var known = new List<int>();
        foreach (var host in Hosts)
            known.Add((await NodesAsync(host)).Count(node => node.Name != host && node.IsKnown));
        return known;
    }

    private async Task<string> ProfileOfAsync(string host)
    {
        using var told = JsonDocument.Parse(await cluster.IsobarAsync(host, "nodes", "--age", "--json"));
        return told.RootElement.GetProperty("profile").GetString()!;
    }

    private async Task<Dictionary<string, (long Sent, double At)>> SentAsync()
    {
        var sent = new Dictionary<string, (long, double)>();
        foreach (var host in Hosts)
        {
            using var told = JsonDocument.Parse(await cluster.IsobarAsync(host, "nodes", "--age", "--json"));
            sent[host] = (told.RootElement.GetProperty("gossip").GetProperty("sent").GetInt64(), TimeProvider.System.GetTimestamp() / (double)TimeProvider.System.TimestampFrequency);
        }

        return sent;
    }

    private async Task<string> ComplaintsAsync()
    {
        var complaints = "";
        foreach (var host in Hosts)
            complaints += (await cluster.ShAsync(host, string.Create(CultureInfo.InvariantCulture, $"grep -E ' (warn|error) ' {SandboxDaemons.LogFile} || true"))).Output;
        return complaints;
    }

    private sealed class Typist : IAsyncDisposable
    {
        private readonly HostProcess _terminal;
        private readonly CancellationTokenSource _gone = new();
        private readonly Task _typing;

        public Typist(HostProcess terminal) => (_terminal, _typing) = (terminal, TypeAsync(terminal, _gone.Token));

        public async ValueTask DisposeAsync()
        {
            await _gone.CancelAsync();
            await _typing;
            await _terminal.DisposeAsync();
            _gone.Dispose();
        }

        private static async Task TypeAsync(HostProcess terminal, CancellationToken gone)
        {
            try
            {
                while (true)
                {
                    await terminal.Input.WriteAsync("hello\n"u8.ToArray(), gone);
                    await terminal.Input.FlushAsync(gone);
                    await Task.Delay(TimeSpan.FromSeconds(1), gone);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // He has gone.
            }
        }
    }
}
