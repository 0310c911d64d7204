using System.Text.Json.Serialization;

namespace Isobar.Protocol.Jobs;

/// <summary>The first message on a connection to a supervisor's socket: what the caller wants of it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(AttachHello), "attach")]
[JsonDerivedType(typeof(WatchHello), "watch")]
[JsonDerivedType(typeof(TransportHello), "transport")]
[JsonDerivedType(typeof(CommandHello), "command")]
public abstract record SupervisorHello;

/// <summary>The command <c>isobar run</c> brings the user's terminal or pipes: a link follows.</summary>
public sealed record AttachHello : SupervisorHello;

/// <summary>The daemon wants to be told of every change: lines of <see cref="SupervisorEvent"/> follow.</summary>
public sealed record WatchHello : SupervisorHello;

/// <summary>The daemon hands over a TCP connection that arrived for this job (its descriptor comes with this message).</summary>
/// <param name="Role">What the caller named: <c>control</c>, <c>files</c>, <c>move</c>.</param>
public sealed record TransportHello(string Role) : SupervisorHello;

/// <summary>One command; lines of <see cref="SupervisorEvent"/> answer it, the last one a <see cref="CommandDone"/>.</summary>
public sealed record CommandHello(SupervisorCommand Command) : SupervisorHello;

[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(KillCommand), "kill")]
[JsonDerivedType(typeof(MoveCommand), "move")]
[JsonDerivedType(typeof(AwaitCommand), "await")]
[JsonDerivedType(typeof(GuestRefused), "guestRefused")]
[JsonDerivedType(typeof(GuestLost), "guestLost")]
[JsonDerivedType(typeof(HoldCommand), "hold")]
[JsonDerivedType(typeof(PageOutCommand), "pageOut")]
public abstract record SupervisorCommand;

/// <summary>Send a signal.</summary>
public sealed record KillCommand(int Signal, SignalScope Scope) : SupervisorCommand;

/// <summary>Move the job to a node.</summary>
/// <param name="TargetNode">The node.</param>
/// <param name="TargetAddress">Where its daemon listens.</param>
/// <param name="Why">Who wants it and why, for the ledger.</param>
/// <param name="PredictedGainSeconds">What a balancer expects of it.</param>
/// <param name="PredictedOthersGainSeconds">What the balancer expects the others to save; null for none.</param>
public sealed record MoveCommand(string TargetNode, string TargetAddress, string Why, double? PredictedGainSeconds = null, double? PredictedOthersGainSeconds = null) : SupervisorCommand;

/// <summary>Answer when the job has ended.</summary>
public sealed record AwaitCommand : SupervisorCommand;

/// <summary>A rule of the node where the job runs wants it to stand still or in the background, or to go on. Not a signal: neither the job's parent nor its user's shell sees it stopped.</summary>
/// <param name="Node">The node that wants it; nothing is done when the job is elsewhere by now.</param>
/// <param name="Hold">How and why; null lets it go on.</param>
public sealed record HoldCommand(string Node, Hold? Hold) : SupervisorCommand;

/// <summary>A rule of the node where the job runs wants pages of it in another node's memory.</summary>
/// <param name="Node">The node that wants it; nothing is done when the job is elsewhere by now.</param>
/// <param name="Server">Whose memory.</param>
/// <param name="ServerAddress">Where its daemon listens.</param>
/// <param name="Bytes">How much; it may become less.</param>
public sealed record PageOutCommand(string Node, string Server, string ServerAddress, long Bytes) : SupervisorCommand;

/// <summary>The daemon could not have the guest supervisor started that the deputy asked for (<see cref="GuestNeeded"/>).</summary>
public sealed record GuestRefused(string Node, int Incarnation, string Reason) : SupervisorCommand;

/// <summary>The daemon of the job's node says that it has nothing of the job: its supervisor was killed there, or the machine was started anew.</summary>
/// <param name="Node">The job's node.</param>
/// <param name="IsMember">False: nobody was asked, the node was taken out of the cluster.</param>
public sealed record GuestLost(string Node, bool IsMember = true) : SupervisorCommand;

/// <summary>What a supervisor tells those who watch or command it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(StatusChanged), "status")]
[JsonDerivedType(typeof(GuestNeeded), "guestNeeded")]
[JsonDerivedType(typeof(MoveAdvanced), "move")]
[JsonDerivedType(typeof(MoveEnded), "moveEnded")]
[JsonDerivedType(typeof(CommandDone), "done")]
public abstract record SupervisorEvent;

/// <summary>What the job is now.</summary>
public sealed record StatusChanged(JobStatus Status) : SupervisorEvent;

/// <summary>The deputy asks its daemon to have a guest supervisor started on a node.</summary>
public sealed record GuestNeeded(string Node, int Incarnation) : SupervisorEvent;

/// <summary>How far a move is.</summary>
public sealed record MoveAdvanced(string Stage, long Bytes, long EstimatedTotal) : SupervisorEvent;

public sealed record MoveEnded(MoveRecord Move) : SupervisorEvent;

/// <summary>The command is done; a reason means that it failed.</summary>
/// <param name="Failure">Why.</param>
/// <param name="End">How the job ended, for <see cref="AwaitCommand"/>.</param>
/// <param name="Bytes">Bytes of memory that got free, for <see cref="PageOutCommand"/>.</param>
public sealed record CommandDone(string? Failure = null, JobEnd? End = null, long Bytes = 0) : SupervisorEvent;

/// <summary>What <c>isobar run</c> tells the deputy on the control channel of its link.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(ClientSignal), "signal")]
[JsonDerivedType(typeof(ClientWindow), "window")]
public abstract record ClientMessage;

public sealed record ClientSignal(int Signal, SignalScope Scope) : ClientMessage;

public sealed record ClientWindow(WindowSize Size) : ClientMessage;

/// <summary>What the deputy tells <c>isobar run</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(JobStopped), "stopped")]
[JsonDerivedType(typeof(JobContinued), "continued")]
[JsonDerivedType(typeof(JobEnded), "ended")]
public abstract record AttachMessage;

public sealed record JobStopped : AttachMessage;

public sealed record JobContinued : AttachMessage;

public sealed record JobEnded(JobEnd End) : AttachMessage;

/// <summary>The first line on a TLS connection that was handed to a supervisor.</summary>
/// <param name="Job">The job.</param>
/// <param name="Incarnation">The incarnation for which the caller speaks: the home refuses an older one.</param>
/// <param name="Node">The caller's node; must be the name in its certificate.</param>
/// <param name="Secret">For <c>move</c>: the ticket's secret.</param>
public sealed record TransportOpening(string Job, int Incarnation, string Node, string? Secret = null);

/// <summary>The answer to an opening.</summary>
public sealed record TransportAnswer(bool Accepted, string? Reason = null);
