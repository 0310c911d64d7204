using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Paging.Tracing;

/// <summary>ptrace(2), wait4(2) and process_vm_readv(2), as far as holding still and calling in another process need them (x86-64).</summary>
internal static unsafe partial class TraceNative
{
    public const int Continue = 7;
    public const int GetRegisters = 12;
    public const int SetRegisters = 13;
    public const int Detach = 17;
    public const int ToSystemCall = 24;
    public const int SetOptions = 0x4200;
    public const int Seize = 0x4206;
    public const int Interrupt = 0x4207;
    public const int GetSignalMask = 0x420a;
    public const int SetSignalMask = 0x420b;
    public const int GetRseq = 0x420f;

    /// <summary>Stops at system calls are told from the signal of the same number.</summary>
    public const int MarkSystemCalls = 1;

    /// <summary>The kernel kills the thread's process when its tracer ends.</summary>
    public const int KillAtTracersEnd = 1 << 20;

    public const int EventStop = 128;
    public const int Trap = 5;
    public const int SystemCallMark = 0x80;

    public const int AllThreads = 0x40000000;
    public const int NoHang = 1;

    private const int PTraceNumber = 101;
    private const int PidFdGetFdNumber = 438;

    public static nint Trace(int request, int thread, nint address, nint data) => LibC.SystemCall(PTraceNumber, request, thread, address, data);

    /// <summary>A descriptor of another process, as one of ours (kernel 5.6); negative with the error.</summary>
    public static int GetDescriptor(int pidFd, int fd) => (int)LibC.SystemCall(PidFdGetFdNumber, pidFd, fd, 0, 0);

    [LibraryImport(LibC.Name, EntryPoint = "waitpid", SetLastError = true)]
    public static partial int Wait(int thread, int* status, int options);

    [LibraryImport(LibC.Name, EntryPoint = "process_vm_readv", SetLastError = true)]
    public static partial nint ReadMemory(int pid, MemoryVector* local, nuint localCount, MemoryVector* remote, nuint remoteCount, nuint flags);

    [LibraryImport(LibC.Name, EntryPoint = "process_vm_writev", SetLastError = true)]
    public static partial nint WriteMemory(int pid, MemoryVector* local, nuint localCount, MemoryVector* remote, nuint remoteCount, nuint flags);
}

/// <summary>struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryVector
{
    public nuint Base;
    public nuint Length;
}

/// <summary>struct user_regs_struct of x86-64 (sys/user.h), all of it: what is not ours must come back as it was.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Registers
{
    public ulong R15;
    public ulong R14;
    public ulong R13;
    public ulong R12;
    public ulong Rbp;
    public ulong Rbx;
    public ulong R11;
    public ulong R10;
    public ulong R9;
    public ulong R8;
    public ulong Rax;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rsi;
    public ulong Rdi;
    public ulong OriginalRax;
    public ulong Rip;
    public ulong Cs;
    public ulong Flags;
    public ulong Rsp;
    public ulong Ss;
    public ulong FsBase;
    public ulong GsBase;
    public ulong Ds;
    public ulong Es;
    public ulong Fs;
    public ulong Gs;
}
