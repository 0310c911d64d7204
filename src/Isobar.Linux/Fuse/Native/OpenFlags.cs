namespace Isobar.Linux.Fuse.Native;

/// <summary>Flags of open(2) as x86-64 and the FUSE protocol number them.</summary>
internal static class OpenFlags
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int AccessMode = 3;

    /// <summary>FMODE_EXEC: the kernel sets it in OPEN when the file is opened to be executed.</summary>
    public const int ForExecution = 0x20;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoControllingTerminal = 0x100;
    public const int Truncate = 0x200;
    public const int Append = 0x400;
    public const int NonBlocking = 0x800;
    public const int DataSync = 0x1000;
    public const int Sync = 0x101000;
    public const int Direct = 0x4000;
    public const int Directory = 0x10000;
    public const int NoFollow = 0x20000;
    public const int NoAccessTime = 0x40000;
    public const int CloseOnExec = 0x80000;
    public const int Path = 0x200000;
    public const int TemporaryFile = 0x410000;

    public const int AtCurrentDirectory = -100;
    public const int AtEmptyPath = 0x1000;
    public const int AtSymlinkNoFollow = 0x100;
    public const int AtSymlinkFollow = 0x400;
    public const int AtEffectiveAccess = 0x200;
    public const int AtRemoveDirectory = 0x200;
}
