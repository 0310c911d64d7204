using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Moves;

/// <summary>A program on a terminal keeps its state, its Ctrl-C and its window size wherever it is.</summary>
[Collection(SharedCluster.Name)]
public sealed class TerminalTests(IsobarCluster cluster)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_interactive_python_is_moved_around()
    {
        var name = cluster.NewName("terminal");
        // script(1) makes the terminal that the user would have.
        await using var user = cluster.Start(
            IsobarCluster.Home,
            ["script", "-qefc", $"isobar run --home --stay --name {name} /usr/bin/python3 -q -i", "/dev/null"]);
        await cluster.RunsAsync(name);
        await TypeAsync(user, "import os, time; kept = 40000\n");
        await TypeAsync(user, "print(kept + 1)\n");
        await user.SaysAsync("40001", Cancellation);

        foreach (var (target, number) in ((string, int)[])[("beta", 2), ("gamma", 3), ("home", 4)])
        {
            await cluster.MoveAsync(name, target);
            await TypeAsync(user, $"print(kept + {number})\n");
            await user.SaysAsync($"4000{number}", Cancellation);

            await TypeAsync(user, $"print('asl' + 'eep{number}'); time.sleep(1000)\n");
            await user.SaysAsync($"asleep{number}", Cancellation);
            await TypeAsync(user, "\u0003");
            await TypeAsync(user, $"print('awa' + 'ke{number}')\n");
            await user.SaysAsync($"awake{number}", Cancellation);

            var resized = await cluster.ShAsync(IsobarCluster.Home, $"stty -F /dev/$(ps -o tty= -p $(pgrep -f '^isobar run .*{name}')) rows {30 + number} cols {100 + number}");
            Assert.True(resized.ExitCode == 0, resized.Error);
            await TypeAsync(user, $"while os.get_terminal_size() != ({100 + number}, {30 + number}): time.sleep(0.02)\n\n");
            await TypeAsync(user, "os.system('stty size')\n");
            await user.SaysAsync($"{30 + number} {100 + number}", Cancellation);
        }

        await TypeAsync(user, "exit(5)\n");
        var end = await user.EndAsync(Cancellation);
        Assert.True(end.ExitCode == 5, $"{end.ExitCode}: {end.Output}{end.Error}");
        Assert.Equal(3, end.Output.Split("KeyboardInterrupt").Length - 1);
    }

    private static async Task TypeAsync(Hosts.HostProcess user, string text)
    {
        await user.Input.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), Cancellation);
        await user.Input.FlushAsync(Cancellation);
    }
}
