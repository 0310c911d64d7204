using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu;

/// <summary>A restored tree that does not run yet.</summary>
/// <param name="InitPid">Its first process, by its number in our PID namespace; a child of this process.</param>
/// <param name="TerminalMaster">The new master of its terminal, when it was asked for; the receiver owns it.</param>
public sealed record CriuRestored(int InitPid, SafeFileHandle? TerminalMaster);

/// <param name="Init">The running job's first process, already being waited for.</param>
/// <param name="TerminalMaster">As in <see cref="CriuRestored"/>.</param>
/// <param name="UntilReady">From the request to the point where only the last word was missing.</param>
/// <param name="Total">From the request until CRIU had ended.</param>
public sealed record CriuRestoreResult(ChildProcess Init, SafeFileHandle? TerminalMaster, TimeSpan UntilReady, TimeSpan Total);
