namespace Isobar.Linux.Fuse.Protocol;

/// <summary>What both ends of a view must agree on about each kind of request.</summary>
internal static class FuseOpcodes
{
    /// <summary>
    /// Whether the request may be executed a second time without harm. The home keeps the replies of all others until they are
    /// acknowledged, so that a request resent after a broken connection is answered, never executed again. Lookups are kept too:
    /// each execution counts a reference that the kernel would never give back.
    /// </summary>
    public static bool IsRepeatable(FuseOpcode opcode) => opcode is FuseOpcode.GetAttr or FuseOpcode.ReadLink or FuseOpcode.Read
        or FuseOpcode.StatFs or FuseOpcode.GetXattr or FuseOpcode.ListXattr or FuseOpcode.ReadDir or FuseOpcode.Access
        or FuseOpcode.Lseek or FuseOpcode.Statx or FuseOpcode.Fsync or FuseOpcode.FsyncDir;

    /// <summary>Whether the guest expects no reply from home: nobody waits for these, so they need not cost a round trip.</summary>
    public static bool IsOneWay(FuseOpcode opcode) => opcode is FuseOpcode.Forget or FuseOpcode.BatchForget or FuseOpcode.Release
        or FuseOpcode.ReleaseDir or FuseOpcode.Destroy;

    /// <summary>Whether the request may use or give back room at home, as far as the guest need know. What is closed or forgotten there gives it back later, if at all.</summary>
    public static bool MayChangeSpace(FuseOpcode opcode) => !IsRepeatable(opcode) && !IsOneWay(opcode)
        && opcode is not (FuseOpcode.Lookup or FuseOpcode.Open or FuseOpcode.OpenDir or FuseOpcode.ReadDirPlus);

    /// <summary>File contents travel on their own connection so that a megabyte of them never stands before a lookup.</summary>
    public static bool IsBulk(FuseOpcode opcode) => opcode is FuseOpcode.Read or FuseOpcode.Write;
}
