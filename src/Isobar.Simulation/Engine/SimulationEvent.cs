namespace Isobar.Simulation.Engine;

/// <summary>One event as the queue hands it out. Time is in virtual seconds; kind, subject and payload mean what the caller says they mean; a posted event has the handle -1.</summary>
public readonly record struct SimulationEvent(double Time, int Handle, int Kind, int Subject, long Payload);
