namespace Isobar.Simulation.Workloads;

/// <summary>What arrives where and when: items in order of arrival, and the number of nodes that they assume.</summary>
public sealed record Workload(string Name, int Nodes, IReadOnlyList<WorkItem> Items)
{
    /// <summary>CPU seconds asked for in all.</summary>
    public double TotalCpu
    {
        get
        {
            var total = 0.0;
            foreach (var item in Items)
                total += item.Cpu;

            return total;
        }
    }

    /// <summary>Checks order, homes and demands; throws <see cref="SimulationException"/> naming the first item that is wrong.</summary>
    public Workload Validated()
    {
        var last = double.NegativeInfinity;
        for (var i = 0; i < Items.Count; i++)
        {
            var item = Items[i];
            if (item.Home < 0 || item.Home >= Nodes)
                throw new SimulationException($"Process {i} of workload {Name} has home {item.Home}, but there are {Nodes} nodes; give more nodes or mend the file.");

            if (!(item.Cpu > 0))
                throw new SimulationException($"Process {i} of workload {Name} asks for {item.Cpu} s of CPU; it must ask for more than none.");

            if (item.Parent >= i)
                throw new SimulationException($"Process {i} of workload {Name} comes before its parent {item.Parent}; list parents first.");

            if (item.Parent >= 0)
                continue;

            if (item.Arrival < last)
                throw new SimulationException($"Process {i} of workload {Name} arrives at {item.Arrival} s, before the one above it; sort by arrival.");

            last = item.Arrival;
        }

        return this;
    }
}
