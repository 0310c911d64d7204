using System.Text.Json.Serialization;

namespace Isobar.Protocol.Jobs;

/// <summary>One line of a job's journal: the home's record of the job, written by its deputy alone and never changed.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(JobCreated), "created")]
[JsonDerivedType(typeof(JobPlaced), "placed")]
[JsonDerivedType(typeof(MoveTried), "move")]
[JsonDerivedType(typeof(JobFinished), "finished")]
public abstract record JournalEntry(DateTimeOffset At);

public sealed record JobCreated(DateTimeOffset At, string Id, string? Name, uint Uid, string Command, bool Detached, bool Stay) : JournalEntry(At);

/// <summary>The job has this incarnation at this node from now on; every older one is refused.</summary>
public sealed record JobPlaced(DateTimeOffset At, int Incarnation, string Node) : JournalEntry(At);

public sealed record MoveTried(DateTimeOffset At, MoveRecord Move) : JournalEntry(At);

public sealed record JobFinished(DateTimeOffset At, JobEnd End, double CpuSeconds) : JournalEntry(At);
