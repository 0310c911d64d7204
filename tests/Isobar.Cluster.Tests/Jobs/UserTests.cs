using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Jobs;

/// <summary>Jobs of ordinary users: moved like root's, with and without CAP_SYS_RESOURCE, and nobody else's business.</summary>
[Collection(SharedCluster.Name)]
public sealed class UserTests(IsobarCluster cluster)
{
    private const string Uid = "4711";
    private const string Gid = "4712";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_users_job_keeps_his_identity_and_his_rights_wherever_it_is_moved()
    {
        var name = cluster.NewName("user");
        var (folder, rootsOwn) = (await UsersFolderAsync(), $"{cluster.NewFolder()}/secret");
        await cluster.ShAsync(IsobarCluster.Home, $"umask 077; echo secret > {rootsOwn}");
        var script = $$"""
            umask 027
            here() { echo "$1: $(id -u):$(id -g):$(id -G) $(umask) $(ulimit -n) $(echo $1 > {{folder}}/$1 && stat -c %u:%g:%a {{folder}}/$1) $(cat {{rootsOwn}} 2> /dev/null)"; }
            here start
            for place in beta gamma home; do
                until [ -e {{folder}}/go-$place ]; do sleep 0.05; done
                here $place
            done
            """;
        await using var job = cluster.Start(
            IsobarCluster.Home, AsUser("prlimit", "--nofile=500:2000", "isobar", "run", "--home", "--name", name, "sh", "-c", script));
        await job.SaysAsync("start", Cancellation);
        foreach (var target in (string[])["beta", "gamma", "home"])
        {
            await cluster.MoveAsync(name, target);
            await File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, $"{folder}/go-{target}"), "", Cancellation);
            await job.SaysAsync($"{target}:", Cancellation);
        }

        var end = await job.EndAsync(Cancellation);
        var expected = ((string[])["start", "beta", "gamma", "home"]).Select(place => $"{place}: {Uid}:{Gid}:{Gid} 4713 0027 500 {Uid}:{Gid}:640 \n");
        Assert.True((string.Concat(expected), 0) == (end.Output, end.ExitCode), $"{end.ExitCode}: {end.Output}{end.Error}");
    }

    [Fact]
    public async Task A_users_shell_on_a_terminal_is_moved()
    {
        var name = cluster.NewName("user-shell");
        var folder = await UsersFolderAsync();
        await using var user = cluster.Start(
            IsobarCluster.Home,
            AsUser("script", "-qefc", $"isobar run --home --stay --name {name} bash --norc --noprofile -i", $"{folder}/typescript"));
        await cluster.RunsAsync(name);
        foreach (var target in (string[])["beta", "gamma", "home"])
        {
            await cluster.MoveAsync(name, target);
            await user.Input.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"echo $(id -u) at $(tty), {target[..2]}''{target[2..]}\n"), Cancellation);
            await user.Input.FlushAsync(Cancellation);
            await user.SaysAsync($"{Uid} at /dev/pts/0, {target}", Cancellation);
        }

        await user.Input.WriteAsync("exit 6\n"u8.ToArray(), Cancellation);
        var end = await user.EndAsync(Cancellation);
        Assert.True(end.ExitCode == 6, $"{end.ExitCode}: {end.Output}{end.Error}");
    }

    [Fact]
    public async Task A_user_sees_and_controls_his_own_jobs_and_root_all()
    {
        var (roots, users) = (cluster.NewName("roots"), cluster.NewName("users"));
        var id = (await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--on", "beta", "--name", roots, "sleep", "1000")).Trim();
        Assert.Equal(0, (await cluster.RunAsync(IsobarCluster.Home, AsUser("isobar", "run", "--detach", "--on", "beta", "--name", users, "sleep", "1000"))).ExitCode);

        var seen = await cluster.RunAsync(IsobarCluster.Home, AsUser("isobar", "ps"));
        Assert.Contains(users, seen.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(roots, seen.Output, StringComparison.Ordinal);
        foreach (var command in (string[][])[["kill", id], ["stop", id], ["migrate", id, "gamma"], ["logs", id], ["moves", id], ["why", id]])
        {
            var refused = await cluster.RunAsync(IsobarCluster.Home, AsUser(["isobar", .. command]));
            Assert.True(refused.ExitCode != 0 && refused.Error.Contains(id, StringComparison.Ordinal), $"{command[0]}: {refused.ExitCode} {refused.Output}{refused.Error}");
        }

        Assert.Equal("beta", (await cluster.StatusAsync(roots)).Node);
        var moved = await cluster.RunAsync(IsobarCluster.Home, AsUser("isobar", "migrate", users, "gamma"));
        Assert.True(moved.ExitCode == 0, moved.Error);
        Assert.Equal("gamma", (await cluster.StatusAsync(users)).Node);
        Assert.Equal(0, (await cluster.RunAsync(IsobarCluster.Home, AsUser("isobar", "kill", users))).ExitCode);
        Assert.Equal(143, (await cluster.RunAsync(IsobarCluster.Home, AsUser("isobar", "wait", users))).ExitCode);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", roots);
    }

    [Fact]
    public async Task Each_job_has_a_keyring_of_its_own_also_after_a_move_and_its_callers_place_when_memory_runs_out()
    {
        // keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING)
        const string Script = "while read _; do echo $(cat /proc/self/oom_score_adj) $(perl -e 'print syscall(250, 0, -3, 0)'); done";
        var names = new[] { cluster.NewName("keys"), cluster.NewName("keys") };
        await using var one = cluster.Start(IsobarCluster.Home, ["sh", "-c", $"echo 300 > /proc/self/oom_score_adj; exec isobar run --home --name {names[0]} sh -c \"{Script.Replace("$", "\\$", StringComparison.Ordinal)}\""]);
        await using var other = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", names[1], "sh", "-c", Script]);
        var seen = new List<string[]>();
        foreach (var place in (string[])["here", "beta", "home"])
        {
            if (place != "here")
                foreach (var name in names)
                    await cluster.MoveAsync(name, place);
            seen.Add([await AskAsync(one, seen.Count), await AskAsync(other, seen.Count)]);
        }

        Assert.All(seen, pair => Assert.StartsWith("300 ", pair[0], StringComparison.Ordinal));
        Assert.All(seen, pair => Assert.StartsWith("0 ", pair[1], StringComparison.Ordinal));
        var keyrings = seen.Select(pair => (One: pair[0].Split(' ')[1], Other: pair[1].Split(' ')[1])).ToList();
        Assert.All(keyrings, pair => Assert.True(long.Parse(pair.One, System.Globalization.CultureInfo.InvariantCulture) > 0 && pair.One != pair.Other, $"{pair}"));
    }

    private static async Task<string> AskAsync(Hosts.HostProcess job, int before)
    {
        await job.Input.WriteAsync("\n"u8.ToArray(), Cancellation);
        await job.Input.FlushAsync(Cancellation);
        await Hosts.Waiting.ForAsync(() => job.OutputSoFar.Split('\n').Length > before + 1 || job.HasEnded, () => $"an answer: {job.OutputSoFar}{job.ErrorSoFar}", Cancellation);
        return job.OutputSoFar.Split('\n')[before];
    }

    private static string[] AsUser(params IReadOnlyList<string> command) => ["setpriv", "--reuid", Uid, "--regid", Gid, "--groups", $"{Gid},4713", .. command];

    private async Task<string> UsersFolderAsync()
    {
        var folder = cluster.NewFolder();
        var given = await cluster.ShAsync(IsobarCluster.Home, $"chown {Uid}:{Gid} {folder}");
        Assert.True(given.ExitCode == 0, given.Error);
        return folder;
    }
}
