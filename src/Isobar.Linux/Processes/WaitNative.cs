using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>waitid(2), pidfd_open(2), pidfd_send_signal(2), epoll(7) and prctl(2), as far as waiting for children needs them.</summary>
internal static partial class WaitNative
{
    public const int IdAll = 0;
    public const int IdPid = 1;
    public const int IdPidFd = 3;

    public const int NoHang = 1;
    public const int Stopped = 2;
    public const int Exited = 4;
    public const int Continued = 8;
    public const int NoWait = 0x01000000;

    public const int CodeExited = 1;
    public const int CodeDumped = 3;
    public const int CodeStopped = 5;
    public const int CodeContinued = 6;

    public const int SetChildSubreaper = 36;
    public const int GetChildSubreaper = 37;

    public const int EpollAdd = 1;
    public const int EpollDelete = 2;
    public const uint EpollIn = 1;
    public const uint EpollOneShot = 1u << 30;

    private const int PidFdSendSignal = 424;
    private const int PidFdOpen = 434;

    // epoll_event is packed on x86-64 only (uapi/linux/eventpoll.h, EPOLL_PACKED).
    public static readonly int EpollDataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    public static readonly int EpollEventSize = EpollDataOffset + 8;

    public static int OpenPidFd(int pid) => (int)LibC.SystemCall(PidFdOpen, pid, 0, 0, 0);

    public static int SendSignal(int pidFd, int signal) => (int)LibC.SystemCall(PidFdSendSignal, pidFd, signal, 0, 0);

    [LibraryImport(LibC.Name, EntryPoint = "waitid", SetLastError = true)]
    public static unsafe partial int WaitId(int idType, int id, SignalInfo* info, int options);

    /// <summary>waitid(2) as the kernel has it: with the resources that the child and those that it waited for have used. The C library's wrapper leaves them out.</summary>
    public static unsafe int WaitId(int idType, int id, SignalInfo* info, int options, ResourceUse* used) =>
        (int)SystemCall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 95 : 247, idType, id, info, options, used);

    [LibraryImport(LibC.Name, EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial nint SystemCall(nint number, nint idType, nint id, SignalInfo* info, nint options, ResourceUse* used);

    [LibraryImport(LibC.Name, EntryPoint = "prctl", SetLastError = true)]
    public static unsafe partial int ProcessControl(int option, nuint argument, nuint third, nuint fourth, nuint fifth);

    [LibraryImport(LibC.Name, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(LibC.Name, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static unsafe partial int EpollControl(int epoll, int operation, int fd, byte* epollEvent);

    [LibraryImport(LibC.Name, EntryPoint = "epoll_wait", SetLastError = true)]
    public static unsafe partial int EpollWait(int epoll, byte* events, int capacity, int timeoutMilliseconds);
}

/// <summary>siginfo_t as filled in for a child (64-bit layout: the union begins at byte 16).</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct SignalInfo
{
    [FieldOffset(8)]
    public int Code;

    [FieldOffset(16)]
    public int Pid;

    [FieldOffset(24)]
    public int Status;

    public readonly ExitStatus ToExitStatus()
        => Code == WaitNative.CodeExited ? ExitStatus.Exited(Status & 0xff) : ExitStatus.Killed(Status & 0x7f, Code == WaitNative.CodeDumped);
}

/// <summary>struct rusage (getrusage(2)): two times, then fourteen counts.</summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
internal struct ResourceUse
{
    [FieldOffset(0)]
    public long UserSeconds;

    [FieldOffset(8)]
    public long UserMicroseconds;

    [FieldOffset(16)]
    public long SystemSeconds;

    [FieldOffset(24)]
    public long SystemMicroseconds;

    public readonly TimeSpan CpuTime => TimeSpan.FromSeconds(UserSeconds + SystemSeconds) + TimeSpan.FromMicroseconds(UserMicroseconds + SystemMicroseconds);
}
