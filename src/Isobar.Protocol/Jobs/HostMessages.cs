using System.Text.Json.Serialization;

namespace Isobar.Protocol.Jobs;

/// <summary>What the deputy at home tells the job host, wherever that is.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Launch), "launch")]
[JsonDerivedType(typeof(PrepareArrival), "prepare")]
[JsonDerivedType(typeof(MoveOut), "moveOut")]
[JsonDerivedType(typeof(Decide), "decide")]
[JsonDerivedType(typeof(SignalJob), "signal")]
[JsonDerivedType(typeof(ResizeWindow), "resize")]
[JsonDerivedType(typeof(HangUp), "hangUp")]
[JsonDerivedType(typeof(HoldJob), "hold")]
[JsonDerivedType(typeof(PushPages), "pushPages")]
[JsonDerivedType(typeof(Dismiss), "dismiss")]
public abstract record DeputyMessage;

/// <summary>Start the program here.</summary>
public sealed record Launch(JobSpec Spec, JobPlace Place) : DeputyMessage;

/// <summary>Get ready to receive the job's images: mount the home's files, make room, listen.</summary>
public sealed record PrepareArrival(JobSpec Spec, JobPlace Place, MoveTicket Ticket) : DeputyMessage;

/// <summary>Freeze the job and stream it to another host.</summary>
public sealed record MoveOut(MoveTicket Ticket, string TargetNode, string TargetAddress) : DeputyMessage;

/// <summary>The home's word on a move, given once: commit it, or let the job go on at the source.</summary>
public sealed record Decide(int Incarnation, bool Commit) : DeputyMessage;

/// <summary>Send a signal to the main process, its process group, or every process of the job.</summary>
public sealed record SignalJob(int Signal, SignalScope Scope) : DeputyMessage;

/// <summary>The user's terminal has another size.</summary>
public sealed record ResizeWindow(WindowSize Size) : DeputyMessage;

/// <summary>Let the job stand still where it is, or run on what others leave, or go on like any other. It goes on by itself when it is moved.</summary>
public sealed record HoldJob(bool Still, bool Background = false) : DeputyMessage;

/// <summary>The user's terminal or pipes are gone: the job sees what it would see at a shell.</summary>
public sealed record HangUp : DeputyMessage;

/// <summary>Push pages of the job to another node's memory.</summary>
public sealed record PushPages(string Node, string Address, long Bytes) : DeputyMessage;

/// <summary>The host is not needed any more: kill what is left and go.</summary>
public sealed record Dismiss : DeputyMessage;

/// <summary>What the job host tells the deputy.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Launched), "launched")]
[JsonDerivedType(typeof(LaunchFailed), "launchFailed")]
[JsonDerivedType(typeof(ReadyToReceive), "readyToReceive")]
[JsonDerivedType(typeof(MoveProgress), "progress")]
[JsonDerivedType(typeof(MayLink), "mayLink")]
[JsonDerivedType(typeof(Sent), "sent")]
[JsonDerivedType(typeof(Arrived), "arrived")]
[JsonDerivedType(typeof(Resumed), "resumed")]
[JsonDerivedType(typeof(MoveFailed), "moveFailed")]
[JsonDerivedType(typeof(Stayed), "stayed")]
[JsonDerivedType(typeof(Exited), "exited")]
[JsonDerivedType(typeof(MainStopped), "mainStopped")]
[JsonDerivedType(typeof(Usage), "usage")]
[JsonDerivedType(typeof(PagesPushed), "pagesPushed")]
public abstract record HostMessage;

/// <summary>The program runs.</summary>
public sealed record Launched : HostMessage;

/// <summary>The program could not be started; the exit code is what a shell would give (126, 127) or 125.</summary>
public sealed record LaunchFailed(int ExitCode, string Reason) : HostMessage;

/// <summary>The target is ready for the images.</summary>
public sealed record ReadyToReceive : HostMessage;

/// <summary>How far the images are, in bytes; the total is an estimate from resident memory.</summary>
public sealed record MoveProgress(long Bytes, long EstimatedTotal) : HostMessage;

/// <summary>The source: for the time of the move that begins now, files of the job get a name at home that they did not have.</summary>
public sealed record MayLink(IReadOnlyList<LinkedFile> Files) : HostMessage;

/// <summary>A folder of the home, and the number of a file that gets a name in it, as the source sees it.</summary>
public sealed record LinkedFile(string Folder, ulong Inode);

/// <summary>The source: the job is frozen and all of it is on its way to the target.</summary>
/// <param name="Incarnation">The number that the move gives the job.</param>
/// <param name="UnreadInput">Input that the source had taken but the job had not read: it goes first at the target.</param>
/// <param name="InputTaken">Bytes that the source had taken from the input channel, those unread included.</param>
/// <param name="Output">Total of the output channel, and what the job wrote after that.</param>
/// <param name="Error">The same of the error channel.</param>
/// <param name="Bytes">Bytes of the images and the shared memory files.</param>
/// <param name="FrozenSeconds">How long the job has stood still so far.</param>
public sealed record Sent(int Incarnation, byte[] UnreadInput, long InputTaken, ChannelEnd Output, ChannelEnd Error, long Bytes, double FrozenSeconds) : HostMessage;

/// <summary>Where an output channel of the source ends: after <paramref name="Total"/> bytes of the channel comes the tail, then the target's channel.</summary>
public sealed record ChannelEnd(long Total, byte[] Tail);

/// <summary>The target: the job is restored, complete, and stands before its next instruction.</summary>
public sealed record Arrived(double RestoreSeconds) : HostMessage;

/// <summary>The target: the job runs.</summary>
public sealed record Resumed : HostMessage;

/// <summary>Source or target: this move cannot be.</summary>
/// <param name="Incarnation">The number that the move would have given the job: the word can come after the move was given up for another reason.</param>
/// <param name="Reason">One sentence for the user.</param>
/// <param name="Log">The last lines of CRIU's log.</param>
/// <param name="BeganHere">It failed here first, and not because the other side broke off.</param>
/// <param name="MayPass">It was a matter of the moment: the same move may succeed a little later.</param>
public sealed record MoveFailed(int Incarnation, string Reason, string? Log = null, bool BeganHere = false, bool MayPass = false) : HostMessage;

/// <summary>The source: nothing of this move goes on here any more, and the job runs here as before.</summary>
public sealed record Stayed(int Incarnation) : HostMessage;

/// <summary>The job ended here.</summary>
/// <param name="ExitCode">As a shell tells it.</param>
/// <param name="CpuSeconds">What this incarnation has used in all; what was told by <see cref="Usage"/> is some seconds old.</param>
public sealed record Exited(int ExitCode, double CpuSeconds = 0) : HostMessage;

/// <summary>The main process was stopped (Ctrl-Z) or continued.</summary>
public sealed record MainStopped(bool Stopped) : HostMessage;

/// <summary>What the job uses now: CPU seconds of this incarnation, resident bytes, processes; and what of its memory is elsewhere, if any was.</summary>
public sealed record Usage(double CpuSeconds, long ResidentBytes, int Processes, PagesElsewhere? Elsewhere = null) : HostMessage;

/// <summary>What came of <see cref="PushPages"/>: bytes of memory that are free by it, or why none are.</summary>
public sealed record PagesPushed(long Bytes, string? Failure) : HostMessage;

/// <summary>To whom a signal goes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SignalScope>))]
public enum SignalScope
{
    /// <summary>The process that the shell would have started.</summary>
    Main,

    /// <summary>Its process group, as a terminal's Ctrl-C does.</summary>
    Group,

    /// <summary>Every process of the job.</summary>
    All,
}

/// <summary>What source and target of one move know in common.</summary>
/// <param name="Incarnation">The number that the job will have at the target.</param>
/// <param name="Secret">Proves that the sender of the images was sent by the home.</param>
/// <param name="TargetNode">The target's name.</param>
/// <param name="SourceNode">The source's name.</param>
public sealed record MoveTicket(int Incarnation, string Secret, string SourceNode, string TargetNode);
