namespace Isobar.Linux.Fuse.Native;

/// <summary>Error numbers of Linux (asm-generic/errno.h) that the view itself gives or looks at.</summary>
internal static class Errno
{
    public const int Perm = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int Io = 5;
    public const int BadDescriptor = 9;
    public const int Again = 11;
    public const int Access = 13;
    public const int NoDevice = 19;
    public const int NotDirectory = 20;
    public const int Invalid = 22;
    public const int TooManyInSystem = 23;
    public const int TooManyOpen = 24;
    public const int NotTerminal = 25;
    public const int Range = 34;
    public const int NoSystemCall = 38;
    public const int Loop = 40;
    public const int NoData = 61;
    public const int NotSupported = 95;
    public const int Stale = 116;
}
