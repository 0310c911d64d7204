using System.CommandLine;
using System.Globalization;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Jobs;

/// <summary>isobar migrate JOB NODE|home|best</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var job = JobCalls.Job();
        var node = new Argument<string>("node") { Description = "A node's name, home, or best" };
        var command = new Command("migrate", "Move a running job to another node.\n\nExample: isobar migrate alpha-3 beta") { job, node };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var bar = new MoveProgressBar(Console.Error, !Console.IsErrorRedirected);
            MoveRecord? record = null;
            await JobCalls.CommandAsync(
                parsed.SocketPath(),
                parsed.GetValue(job)!,
                new MoveCommand(parsed.GetValue(node)!, "", $"asked for by {UserNames.Of(Self.Uid)}"),
                happening =>
                {
                    if (happening is MoveAdvanced advanced)
                        bar.Show(advanced);
                    else if (happening is MoveEnded ended)
                        record = ended.Move;
                },
                cancellation);
            bar.Clear();
            if (record is not null)
                Console.WriteLine(MovesListing.Sentence(parsed.GetValue(job)!, record));
            return ExitCodes.Success;
        });
        return command;
    }
}

/// <summary>A line that shows how far a move is; nothing where there is no terminal.</summary>
internal sealed class MoveProgressBar(TextWriter terminal, bool isShown) : IDisposable
{
    private const int Width = 30;
    private bool _drawn;

    public void Show(MoveAdvanced advanced)
    {
        if (!isShown)
            return;
        var part = advanced.EstimatedTotal > 0 ? Math.Min(1, (double)advanced.Bytes / advanced.EstimatedTotal) : 0;
        var full = (int)(part * Width);
        var text = advanced.Stage switch
        {
            "prepare" => "preparing the target",
            "restore" => "restoring",
            _ => string.Create(CultureInfo.InvariantCulture, $"{Quantity.Bytes(advanced.Bytes)} of about {Quantity.Bytes(advanced.EstimatedTotal)}"),
        };
        terminal.Write($"\r[{new string('#', full)}{new string('.', Width - full)}] {text}\e[K");
        _drawn = true;
    }

    public void Clear()
    {
        if (_drawn)
            terminal.Write("\r\e[K");
        _drawn = false;
    }

    public void Dispose() => Clear();
}
