using System.Collections.Immutable;

namespace Isobar.Linux.Fuse;

/// <summary>Who a job is on its home machine: all its file accesses are made with these and no others.</summary>
/// <param name="Uid">User.</param>
/// <param name="Gid">Primary group.</param>
/// <param name="Groups">Supplementary groups; those of the user's login, not looked up again here.</param>
public sealed record FileCredentials(uint Uid, uint Gid, ImmutableArray<uint> Groups)
{
    /// <summary>A job of root: its processes may be of several users, so each request is made as the user that the guest's kernel names.</summary>
    public bool IsRoot => Uid == 0;
}
