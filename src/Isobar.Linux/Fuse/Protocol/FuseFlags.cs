namespace Isobar.Linux.Fuse.Protocol;

/// <summary>Capabilities exchanged at INIT; the upper 32 bits travel in <c>flags2</c>.</summary>
[Flags]
internal enum FuseInitFlags : ulong
{
    None = 0,
    AsyncRead = 1UL << 0,
    AtomicOpenTruncate = 1UL << 3,
    BigWrites = 1UL << 5,
    DontMask = 1UL << 6,
    AutoInvalidateData = 1UL << 12,
    DoReadDirPlus = 1UL << 13,
    ReadDirPlusAuto = 1UL << 14,
    AsyncDirectIo = 1UL << 15,
    ParallelDirectoryOperations = 1UL << 18,
    MaxPages = 1UL << 22,
    CacheSymlinks = 1UL << 23,
    HandleKillPrivilegesV2 = 1UL << 28,
    InitExtended = 1UL << 30,
    DirectIoAllowMmap = 1UL << 36,
}

/// <summary>Which fields of a SETATTR request count.</summary>
[Flags]
internal enum FuseSetAttrFields : uint
{
    None = 0,
    Mode = 1 << 0,
    Uid = 1 << 1,
    Gid = 1 << 2,
    Size = 1 << 3,
    Atime = 1 << 4,
    Mtime = 1 << 5,
    Handle = 1 << 6,
    AtimeNow = 1 << 7,
    MtimeNow = 1 << 8,
    KillPrivileges = 1 << 11,
}

/// <summary>Answers to OPEN that steer the guest kernel's page cache.</summary>
[Flags]
internal enum FuseOpenReply : uint
{
    None = 0,
    DirectIo = 1 << 0,
    KeepCache = 1 << 1,

    /// <summary>The kernel need not tell when it is closed (Linux 5.16; older ones tell all the same).</summary>
    NoFlush = 1 << 5,
    ParallelDirectWrites = 1 << 6,
}

/// <summary>Single flags of the protocol that stand alone.</summary>
internal static class FuseBits
{
    public const ulong RootNode = 1;
    public const uint GetAttrHasHandle = 1 << 0;
    public const uint WriteFromCache = 1 << 0;
    public const uint WriteKillPrivileges = 1 << 2;
    public const uint OpenKillPrivileges = 1 << 0;
    public const uint FsyncDataOnly = 1 << 0;
    public const int NotifyInvalidateInode = 2;
}
