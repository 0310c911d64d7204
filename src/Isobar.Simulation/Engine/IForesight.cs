namespace Isobar.Simulation.Engine;

/// <summary>
/// Is told what will happen soon. In a large cluster no node's state is still in the processor's cache when its next event comes, and one event after the
/// other would wait for the memory several times. Who knows the next hundred events can read what they need for all of them at once: reads that do not depend on
/// each other overlap in the processor.
/// </summary>
internal interface IForesight
{
    /// <summary>These events come next, in an order that is not known yet; others may come between them. Nothing that a run could depend on may be changed.</summary>
    void Coming(ReadOnlySpan<CalendarEntry> events);
}
