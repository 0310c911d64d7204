using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.World;

/// <summary>
/// Objects of processes that have ended, for those to come. Beside the allocation this saves the garbage collector's work: a new object that a node
/// refers to makes it look through that node's surroundings at the next collection, and with a million nodes these are all over the memory.
/// </summary>
internal sealed class ProcessPool
{
    private readonly Stack<SimulatedProcess> _free = [];
    private readonly List<SimulatedProcess> _ended = [];

    public SimulatedProcess Take(int index, WorkItem item, double memory)
    {
        if (!_free.TryPop(out var process))
            process = new SimulatedProcess();

        process.Become(index, item, memory);
        return process;
    }

    /// <summary>The process has ended. Its object stays as it is until <see cref="Recycle"/>: callers up the stack may still look at it.</summary>
    public void Give(SimulatedProcess process) => _ended.Add(process);

    /// <summary>Between two events: nobody looks at those that have ended any more.</summary>
    public void Recycle()
    {
        foreach (var process in _ended)
            _free.Push(process);

        _ended.Clear();
    }
}
