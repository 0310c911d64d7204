using System.Globalization;

namespace Isobar.Simulation.Workloads;

/// <summary>
/// Process traces as CSV with a header line. Columns: arrival_s, host, cpu_s, name; and, where known, trace (number of the run), memory_bytes,
/// io_burst_s, io_wait_s, io_bytes, immobile, owner, parent, fork_at_cpu_s. The first five are the trace behind Harchol-Balter and Downey
/// (SIGMETRICS 1996); the others make it the format in which a real cluster's log is recorded and replayed.
/// </summary>
public static class ProcessTrace
{
    private const string FullHeader =
        "arrival_s,host,cpu_s,name,memory_bytes,io_burst_s,io_wait_s,io_bytes,immobile,owner,parent,fork_at_cpu_s";

    /// <summary>Reads one run of a trace file.</summary>
    /// <param name="path">The file, plain or .xz.</param>
    /// <param name="run">Which run, when the file has a column "trace"; else 0.</param>
    /// <param name="nodes">Number of nodes; zero: the largest host of the whole file plus one.</param>
    public static Workload Read(string path, int run = 0, int nodes = 0)
    {
        var runs = ReadRuns(path, nodes);
        return runs.TryGetValue(run, out var workload)
            ? workload
            : throw new SimulationException($"{path} has no run {run}; it has {string.Join(", ", runs.Keys)}.");
    }

    /// <summary>Reads all runs of a trace file, by number.</summary>
    public static SortedDictionary<int, Workload> ReadRuns(string path, int nodes = 0)
    {
        using var lines = TextSource.Lines(path).GetEnumerator();
        if (!lines.MoveNext())
            throw new SimulationException($"{path} is empty; a process trace begins with a line that names its columns.");

        var columns = Columns.Of(lines.Current, path);
        var runs = new SortedDictionary<int, List<WorkItem>>();
        var highest = -1;
        for (var row = 2; lines.MoveNext(); row++)
        {
            if (lines.Current.Length == 0)
                continue;

            var item = columns.Parse(lines.Current, path, row, out var run);
            highest = Math.Max(highest, item.Home);
            if (!runs.TryGetValue(run, out var items))
                runs[run] = items = [];

            items.Add(item);
        }

        if (runs.Count == 0)
            throw new SimulationException($"{path} has no process; it has only the line that names the columns.");

        var name = Path.GetFileNameWithoutExtension(path);
        var workloads = new SortedDictionary<int, Workload>();
        foreach (var (run, items) in runs)
        {
            var itsName = runs.Count == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}#{run}");
            workloads[run] = new Workload(itsName, nodes > 0 ? nodes : highest + 1, items).Validated();
        }

        return workloads;
    }

    /// <summary>Writes a workload so that <see cref="Read"/> gives it back exactly.</summary>
    public static void Write(Workload workload, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteLine(FullHeader);
        foreach (var i in workload.Items)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{i.Arrival:R},{i.Home},{i.Cpu:R},{i.Name},{i.Memory:R},{i.IoBurst:R},{i.IoWait:R},{i.IoBytes:R},{(i.Immobile ? 1 : 0)},{(i.Owner ? 1 : 0)},{i.Parent},{i.ForkAtCpu:R}"));
        }
    }

    private sealed class Columns
    {
        private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);

        public static Columns Of(string header, string path)
        {
            var columns = new Columns();
            var names = header.Split(',');
            for (var i = 0; i < names.Length; i++)
                columns._index[names[i].Trim()] = i;

            foreach (var needed in (string[])["arrival_s", "host", "cpu_s"])
            {
                if (!columns._index.ContainsKey(needed))
                    throw new SimulationException($"{path} has no column {needed}; a process trace needs arrival_s, host and cpu_s.");
            }

            return columns;
        }

        public WorkItem Parse(string line, string path, int row, out int run)
        {
            var cells = line.Split(',');
            double Number(string column, double absent)
            {
                if (!_index.TryGetValue(column, out var at) || at >= cells.Length || cells[at].Length == 0)
                    return absent;

                return double.TryParse(cells[at], NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                    ? value
                    : throw new SimulationException($"Line {row} of {path} has {cells[at]} in column {column}, which is no number; mend the line.");
            }

            run = (int)Number("trace", 0);
            return new WorkItem
            {
                Arrival = Number("arrival_s", 0),
                Home = (int)Number("host", 0),
                Cpu = Number("cpu_s", 0),
                Name = _index.TryGetValue("name", out var name) && name < cells.Length ? cells[name] : "",
                Memory = Number("memory_bytes", -1),
                IoBurst = Number("io_burst_s", 0),
                IoWait = Number("io_wait_s", 0),
                IoBytes = Number("io_bytes", 0),
                Immobile = Number("immobile", 0) != 0,
                Owner = Number("owner", 0) != 0,
                Parent = (int)Number("parent", -1),
                ForkAtCpu = Number("fork_at_cpu_s", 0),
            };
        }
    }
}
