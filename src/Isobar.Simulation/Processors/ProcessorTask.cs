namespace Isobar.Simulation.Processors;

/// <summary>Something that a <see cref="SharedProcessor"/> can run. The processor keeps the task's place in its heap inside the task itself.</summary>
public abstract class ProcessorTask
{
    /// <summary>Place in the heap of the processor that runs the task; -1 when none does. Only the processor writes it.</summary>
    internal int Slot { get; set; } = -1;

    /// <summary>Whether the task is ready on some processor.</summary>
    public bool IsReady => Slot >= 0;
}
