namespace Isobar.Simulation.Processors;

/// <summary>Something that a <see cref="SharedProcessor"/> can run. The processor keeps the task's place in its queue inside the task itself.</summary>
public abstract class ProcessorTask
{
    /// <summary>Place in the queue of the processor that runs the task; -1 when none does. Only the queue writes it.</summary>
    internal int Slot { get; set; } = -1;

    /// <summary>Whether it gets only what the others leave. Only the processor writes it.</summary>
    internal bool IsBackground { get; set; }

    /// <summary>Whether the task is ready on some processor.</summary>
    public bool IsReady => Slot >= 0;
}
