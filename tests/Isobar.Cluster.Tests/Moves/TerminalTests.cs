using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

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
        await using var user = OnTerminal(name, "/usr/bin/python3 -q -i");
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

            await ResizeAsync(name, 30 + number, 100 + number);
            await TypeAsync(user, $"while os.get_terminal_size() != ({100 + number}, {30 + number}): time.sleep(0.02)\n\n");
            await TypeAsync(user, "os.system('stty size')\n");
            await user.SaysAsync($"{30 + number} {100 + number}", Cancellation);
        }

        await TypeAsync(user, "exit(5)\n");
        var end = await user.EndAsync(Cancellation);
        Assert.True(end.ExitCode == 5, $"{end.ExitCode}: {end.Output}{end.Error}");
        Assert.Equal(3, end.Output.Split("KeyboardInterrupt").Length - 1);
    }

    [Fact]
    public async Task An_editor_keeps_what_was_typed_and_takes_the_window_s_new_size()
    {
        var name = cluster.NewName("vim");
        var file = $"{cluster.NewFolder()}/poem";
        await using var user = OnTerminal(name, $"vim -u NONE -N --cmd 'set ruler' {file}");
        await cluster.RunsAsync(name);
        await user.SaysAsync("poem", Cancellation);
        await TypeAsync(user, "ifirst");
        foreach (var target in (string[])["beta", "gamma", "home"])
        {
            await cluster.MoveAsync(name, target);
            await TypeAsync(user, $"\rat {target}");
            await user.SaysAsync($"at {target}", Cancellation);
        }

        await ResizeAsync(name, 20, 61);
        // What it believes its window to be, as the home's user sees it.
        await TypeAsync(user, "\u001b:call append('$', &lines . ' lines, ' . &columns . ' columns')\r:wq\r");
        var end = await user.EndAsync(Cancellation);
        Assert.True(end.ExitCode == 0, $"{end.ExitCode}: {end.Output}{end.Error}");
        var written = await File.ReadAllTextAsync(cluster.Seen(IsobarCluster.Home, file), Cancellation);
        Assert.Equal("first\nat beta\nat gamma\nat home\n20 lines, 61 columns\n", written);
    }

    [Fact]
    public async Task Top_goes_on_showing()
    {
        var name = cluster.NewName("top");
        await using var user = OnTerminal(name, "top -d 0.3");
        await cluster.RunsAsync(name);
        await user.SaysAsync("load average", Cancellation);
        foreach (var target in (string[])["beta", "gamma", "home"])
        {
            await cluster.MoveAsync(name, target);
            var shown = user.OutputSoFar.Length;
            await Waiting.ForAsync(() => user.OutputSoFar.Length > shown + 500, () => $"top to show more at {target} than {user.OutputSoFar}", Cancellation);
        }

        await TypeAsync(user, "q");
        var end = await user.EndAsync(Cancellation);
        Assert.True(end.ExitCode == 0, $"{end.ExitCode}: {end.Output}{end.Error}");
    }

    [Fact]
    public async Task A_shell_keeps_its_jobs()
    {
        var name = cluster.NewName("shell");
        await using var user = OnTerminal(name, "bash --norc --noprofile -i");
        await cluster.RunsAsync(name);
        await TypeAsync(user, "sleep 1001 & sleep 1002\n");
        await user.SaysAsync("[1] ", Cancellation);
        await Task.Delay(500, Cancellation);
        await TypeAsync(user, "\u001a");
        await user.SaysAsync("Stopped", Cancellation);
        foreach (var target in (string[])["beta", "gamma", "home"])
        {
            await cluster.MoveAsync(name, target);
            await TypeAsync(user, $"jobs > /dev/null; echo $(jobs -r | wc -l) runs, $(jobs -s | wc -l) stands, tty $(tty) at {target[..2]}''{target[2..]}\n");
            await user.SaysAsync($"1 runs, 1 stands, tty /dev/pts/0 at {target}", Cancellation);
            await TypeAsync(user, $"fg %2\n");
            await user.SaysAsync("sleep 1002\r\n", Cancellation);
            await Task.Delay(500, Cancellation);
            await TypeAsync(user, "\u001a");
            await TypeAsync(user, $"echo $? is what Ctrl-Z gave at {target[..2]}''{target[2..]}\n");
            await user.SaysAsync($"148 is what Ctrl-Z gave at {target}", Cancellation);
        }

        await TypeAsync(user, "kill %1 %2; fg %2; wait; exit 7\n");
        var end = await user.EndAsync(Cancellation);
        Assert.True(end.ExitCode == 7, $"{end.ExitCode}: {end.Output}{end.Error}");
    }

    // script(1) makes the terminal that the user would have.
    private HostProcess OnTerminal(string name, string command) =>
        cluster.Start(IsobarCluster.Home, ["script", "-qefc", $"isobar run --home --stay --name {name} {command}", "/dev/null"]);

    private async Task ResizeAsync(string name, int rows, int columns)
    {
        var resized = await cluster.ShAsync(IsobarCluster.Home, $"stty -F /dev/$(ps -o tty= -p $(pgrep -f '^isobar run .*{name}')) rows {rows} cols {columns}");
        Assert.True(resized.ExitCode == 0, resized.Error);
    }

    private static async Task TypeAsync(HostProcess user, string text)
    {
        await user.Input.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), Cancellation);
        await user.Input.FlushAsync(Cancellation);
    }
}
