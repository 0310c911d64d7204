using Isobar.Simulation.Engine;

namespace Isobar.Simulation.World;

/// <content>The state of nodes is brought into the cache shortly before their turn.</content>
public sealed partial class ClusterSimulation : IForesight
{
    /// <summary>Of fewer nodes the whole state stays in the cache anyway.</summary>
    private const int ForesightNodes = 500;

    /// <summary>A sample, a consideration, two or three ticks, a message for each tick: roughly.</summary>
    private const double EventsPerNodeSecond = 7;

    private SimulatedNode?[] _coming = new SimulatedNode?[256];
    private long _touched;

    /// <summary>
    /// Reads a word of each cache line that the events will need. The passes follow the references step by step: within a pass no read waits for
    /// another one, so the processor has many under way at a time.
    /// </summary>
    void IForesight.Coming(ReadOnlySpan<CalendarEntry> events)
    {
        if (_coming.Length < events.Length)
            _coming = new SimulatedNode?[events.Length * 2];

        var count = 0;
        foreach (ref readonly var next in events)
        {
            if (next.Kind is Sample or Tick or Consider or Deliver)
                _coming[count++] = _nodes[next.Subject];
        }

        var nodes = _coming.AsSpan(0, count);
        var sum = 0L;
        foreach (var node in nodes)
            sum += node!.Touch();

        foreach (var node in nodes)
            sum += node!.TouchParts();

        foreach (var node in nodes)
            sum += node!.TouchRest();

        // Without a use the reads would be left out.
        Volatile.Write(ref _touched, sum);
    }
}
