namespace Isobar.Node.Peers;

/// <summary>
/// Where load entries get on and off the messages that daemons send each other anyway. Whoever knows of load (the dissemination stage) sets both ways; without one,
/// nothing rides.
/// </summary>
public sealed class LoadRide
{
    /// <summary>The metadata's name; gRPC takes bytes under names with this ending.</summary>
    public const string Header = "isobar-load-bin";

    /// <summary>What shall ride to a node now; null = nothing.</summary>
    public Func<string, byte[]?>? GetOn { get; set; }

    /// <summary>What rode here on a message of a node.</summary>
    public Action<string, byte[]>? GetOff { get; set; }
}
