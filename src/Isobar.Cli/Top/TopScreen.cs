using System.Globalization;
using System.Text;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Top;

/// <summary>Draws one look: a line with two bars for each machine, then the jobs; an arrow marks a job that has just moved.</summary>
internal sealed class TopScreen
{
    /// <summary>How soon a key is answered.</summary>
    public static readonly TimeSpan KeyStep = TimeSpan.FromMilliseconds(50);

    private const int LongestBar = 20;
    private const int ShortestBar = 8;

    /// <summary>What the long form of a machine's line takes beside its name and bars, with a word of what it says.</summary>
    private const int WithoutBars = 69;

    private static readonly TimeSpan ArrowFor = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, (string Node, double Cpu, DateTimeOffset At)> _before = [];
    private readonly Dictionary<string, (string From, DateTimeOffset At)> _moved = [];
    private readonly Dictionary<string, double> _shares = [];
    private char _order = 'c';

    /// <summary>No colours.</summary>
    public bool IsPlain { get; set; }

    /// <summary>Takes a key; false ends.</summary>
    public bool Take(char key)
    {
        if (key is 'q' or 'Q' or '\e' or '\u0003')
            return false;
        if (key is 'c' or 'm' or 'a' or 'n')
            _order = key;
        return true;
    }

    public string Draw(TopView view, DateTimeOffset now, int width, int height)
    {
        var text = new StringBuilder();
        var running = view.Jobs.Count(job => job.State == JobState.Running);
        var capacity = view.Loads.Nodes.Where(node => node.IsKnown).Sum(node => node.Capacity);
        Line(text, string.Create(CultureInfo.InvariantCulture, $"{view.Loads.Nodes.Count} machines, {capacity:0.0} standard cores, {view.Jobs.Count} jobs ({running} running), profile {view.Loads.Profile}"), width);
        var nameWidth = Math.Max(4, view.Loads.Nodes.Select(node => node.Node.Length + 1).DefaultIfEmpty(0).Max());
        foreach (var node in view.Loads.Nodes)
            Line(text, NodeLine(node, nameWidth, width), width);
        Line(text, "", width);
        var rest = height - view.Loads.Nodes.Count - 4;
        Jobs(text, view, now, width, rest);
        return text.ToString();
    }

    private string NodeLine(LoadLine node, int nameWidth, int width)
    {
        var name = (node.IsSelf ? node.Node + "*" : node.Node).PadRight(nameWidth);
        if (!node.IsKnown)
            return $"{name}  nothing known";
        var cpu = node.Cores > 0 ? node.Ready / node.Cores : 0;
        var memory = node.TotalMemoryBytes > 0 ? 1 - ((double)node.FreeMemoryBytes / node.TotalMemoryBytes) : 0;
        var flags = string.Join(' ', node.Flags);
        var room = width - nameWidth - WithoutBars;
        var bar = Math.Min(LongestBar, room / 2);
        return bar >= ShortestBar
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{name}  cpu {Bar(cpu, bar)} {node.Ready,5:0.0} on {node.Cores,-3} memory {Bar(memory, bar)} {Quantity.Bytes(node.FreeMemoryBytes),5} free  {node.Guests,3} guests  {node.AgeSeconds,4:0.0} s  {flags}")
            : string.Create(CultureInfo.InvariantCulture, $"{name} {Bar(cpu, ShortestBar)} {node.Ready:0.0}/{node.Cores} {Quantity.Bytes(node.FreeMemoryBytes),5} {flags}");
    }

    private string Bar(double share, int width)
    {
        var full = (int)Math.Round(Math.Clamp(share, 0, 1) * width);
        var bar = new string('|', full) + new string('.', width - full);
        var paint = share > 1.05 ? Paint.Red : share > 0.8 ? Paint.Yellow : Paint.Green;
        return IsPlain ? $"[{bar}]" : $"[\e[{(int)paint}m{bar}\e[0m]";
    }

    private void Jobs(StringBuilder text, TopView view, DateTimeOffset now, int width, int rows)
    {
        var shown = view.Jobs.Select(job => new JobColumns.Line(job, CpusOf(job, now), ArrowOf(job, now))).ToList();
        shown = _order switch
        {
            'm' => [.. shown.OrderByDescending(line => line.Job.ResidentBytes)],
            'a' => [.. shown.OrderBy(line => line.Job.Started)],
            'n' => [.. shown.OrderBy(line => line.Job.Node, StringComparer.Ordinal).ThenByDescending(line => line.Cpus)],
            _ => [.. shown.OrderByDescending(line => line.Cpus)],
        };
        foreach (var line in JobColumns.Lay([.. shown.Take(Math.Max(0, rows))], width))
            Line(text, line, width);

        foreach (var gone in _before.Keys.Where(id => !view.Jobs.Any(job => job.Id == id)).ToList())
        {
            _before.Remove(gone);
            _moved.Remove(gone);
            _shares.Remove(gone);
        }
    }

    // A job's time is told every second or two: between two news the last share stands.
    private double CpusOf(JobStatus job, DateTimeOffset now)
    {
        var has = _before.TryGetValue(job.Id, out var before);
        var elapsed = (now - before.At).TotalSeconds;
        if (has && before.Node != job.Node)
            _moved[job.Id] = (before.Node, now);
        if (has && elapsed < 2.5)
            return _shares.GetValueOrDefault(job.Id);
        _before[job.Id] = (job.Node, job.CpuSeconds, now);
        return _shares[job.Id] = has ? Math.Max(0, (job.CpuSeconds - before.Cpu) / elapsed) : 0;
    }

    private string? ArrowOf(JobStatus job, DateTimeOffset now)
    {
        if (_before.TryGetValue(job.Id, out var before) && before.Node != job.Node)
            _before[job.Id] = before with { Node = job.Node };
        return _moved.TryGetValue(job.Id, out var moved) && now - moved.At < ArrowFor ? moved.From : null;
    }

    private static void Line(StringBuilder text, string line, int width)
    {
        // Colours take no room on the terminal.
        var visible = 0;
        var cut = line.Length;
        for (var i = 0; i < line.Length && cut == line.Length; i++)
        {
            if (line[i] == '\e')
            {
                while (i < line.Length && line[i] != 'm')
                    i++;
                continue;
            }

            if (++visible > width)
                cut = i;
        }

        text.Append(line, 0, cut).Append('\n');
    }
}
