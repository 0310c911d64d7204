using System.CommandLine;
using System.Text.Json;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Cli.Top;

/// <summary>isobar top: machines and jobs, live; in a pipe, once and plain.</summary>
internal static class TopCommand
{
    public static Command Create()
    {
        var every = new Option<double>("--every", "-n") { HelpName = "SECONDS", Description = "How often to look (default 1)", DefaultValueFactory = _ => 1 };
        var command = new Command("top", "Watch machines and jobs live. Keys: c, m, a, n sort by CPU, memory, age, node; space looks at once; q ends.\n\nExample: isobar top") { every };
        command.SetAction(async (parsed, cancellation) =>
        {
            var period = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(every), 0.2, 3600));
            var screen = new TopScreen();
            using var daemon = Daemon.Connect(parsed.SocketPath());
            async Task<string> LookAsync() => screen.Draw(await ReadAsync(daemon, parsed.SocketPath(), cancellation), DateTimeOffset.UtcNow, WidthOf(), HeightOf());
            screen.IsPlain = !TextTable.IsColoured(Console.Out);
            if (Console.IsOutputRedirected || Console.IsInputRedirected)
            {
                screen.IsPlain = true;
                Console.Write(await LookAsync());
                return ExitCodes.Success;
            }

            await WatchAsync(screen, LookAsync, period, cancellation);
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task WatchAsync(TopScreen screen, Func<Task<string>> look, TimeSpan period, CancellationToken cancellation)
    {
        // The other screen, without a cursor: what was on the terminal is there again afterwards.
        Console.Write("\e[?1049h\e[?25l");
        try
        {
            while (true)
            {
                Console.Write("\e[H" + (await look()).Replace("\n", "\e[K\n", StringComparison.Ordinal) + "\e[J");
                for (var waited = TimeSpan.Zero; waited < period; waited += TopScreen.KeyStep)
                {
                    if (Console.KeyAvailable)
                    {
                        if (!screen.Take(Console.ReadKey(intercept: true).KeyChar))
                            return;
                        break;
                    }

                    await Task.Delay(TopScreen.KeyStep, cancellation);
                }
            }
        }
        finally
        {
            Console.Write("\e[?25h\e[?1049l");
        }
    }

    private static async Task<TopView> ReadAsync(Daemon daemon, string socket, CancellationToken cancellation)
    {
        try
        {
            var loads = new LocalBalance.LocalBalanceClient(daemon.Channel).LoadsAsync(new LoadsRequest(), cancellationToken: cancellation);
            var list = new LocalJobs.LocalJobsClient(daemon.Channel).ListAsync(new ListRequest(), cancellationToken: cancellation);
            return new TopView(
                await loads.ResponseAsync,
                [.. (await list.ResponseAsync).Jobs.Select(job => JsonSerializer.Deserialize(job.Span, JobJson.Default.JobStatus)!)]);
        }
        catch (Grpc.Core.RpcException e)
        {
            throw Daemon.Translate(e, socket);
        }
    }

    private static int WidthOf() => Console.IsOutputRedirected ? 200 : Math.Max(40, Console.WindowWidth);

    private static int HeightOf() => Console.IsOutputRedirected ? int.MaxValue : Math.Max(5, Console.WindowHeight);
}

/// <summary>What one look brought.</summary>
internal sealed record TopView(LoadsReply Loads, IReadOnlyList<JobStatus> Jobs);
