namespace Isobar.Linux.Kernel;

/// <summary>Error numbers of the kernel that our code decides on (asm-generic/errno-base.h, errno.h: the same on x86-64 and arm64).</summary>
public static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int NoProcess = 3;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int BadDescriptor = 9;
    public const int NoChild = 10;
    public const int TryAgain = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int InvalidArgument = 22;
    public const int TooManyOpenFilesInSystem = 23;
    public const int TooManyOpenFiles = 24;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int BrokenPipe = 32;
    public const int NameTooLong = 36;
    public const int NotImplemented = 38;
    public const int NotEmpty = 39;
    public const int NotSupported = 95;
    public const int AddressInUse = 98;
    public const int ConnectionReset = 104;
    public const int ConnectionRefused = 111;
    public const int QuotaExceeded = 122;

    /// <summary>The file system, or its user's share of it, is full. The runtime's exceptions carry the kernel's number.</summary>
    public static bool IsOutOfSpace(IOException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return (exception.HResult & 0xffff) is NoSpace or QuotaExceeded;
    }
}
