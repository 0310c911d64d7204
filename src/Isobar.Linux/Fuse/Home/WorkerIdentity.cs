using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Home;

/// <summary>
/// Who the calling thread is to the kernel. A worker takes the job user's credentials once and cannot go back. In a session of root the
/// guest's kernel has checked permissions already and the worker only sees to it that new files belong to the process that makes them.
/// </summary>
internal sealed class WorkerIdentity
{
    private const int CloneFileSystem = 0x200;
    private const int GetSecureBits = 27;
    private const int SetSecureBits = 28;
    private const nuint NoSetUserIdFixup = 1 << 2;

    private const int KeepCapabilities = 8;

    private readonly bool _manyUsers;
    private readonly bool _mayReadSearch;
    private uint _umask;

    private WorkerIdentity(bool manyUsers, bool mayReadSearch) => (_manyUsers, _mayReadSearch) = (manyUsers, mayReadSearch);

    /// <summary>Makes the calling thread act as the job's user from now on; the thread must end with its work and never return to a pool.</summary>
    /// <exception cref="FileViewException">This process may not take that identity.</exception>
    public static WorkerIdentity Assume(FileCredentials credentials)
    {
        // The umask and the current directory are shared by all threads (CLONE_FS) until a thread says otherwise.
        Require(IdentityCalls.Unshare(CloneFileSystem), "separate a file worker from its process (unshare)");
        _ = IdentityCalls.Umask(0);
        var isRoot = IdentityCalls.EffectiveUid() == 0;
        if (!isRoot)
        {
            if (credentials.Uid != IdentityCalls.EffectiveUid() || credentials.Gid != IdentityCalls.EffectiveGid())
                throw new FileViewException($"Files of user {credentials.Uid} can only be served by a process of root; start the daemon as root.");

            // A worker that another worker started has its identity already, and what capability that one kept.
            return new WorkerIdentity(manyUsers: false, mayReadSearch: HandleCalls.UseReadSearch(effective: false) == 0);
        }

        var groups = credentials.Groups.IsDefault ? [] : credentials.Groups.AsSpan();
        Require((int)IdentityCalls.Raw(IdentityCalls.SetGroups, groups.Length, MemoryMarshal.GetReference(groups)), "set groups (setgroups)");
        if (credentials.IsRoot)
        {
            // Without this bit a change of the fsuid from 0 takes the capabilities for files away (capabilities(7)), and a root job's
            // process that owes its access to a supplementary group, checked by its own kernel, would be refused here.
            var bits = IdentityCalls.Prctl(GetSecureBits, 0, 0, 0, 0);
            Require(IdentityCalls.Prctl(SetSecureBits, (nuint)bits | NoSetUserIdFixup, 0, 0, 0), "keep file capabilities (prctl)");
            return new WorkerIdentity(manyUsers: true, mayReadSearch: false);
        }

        // Real, effective and saved: a FUSE file system of the user's own (sshfs) admits nobody but him, by all three (fuse_permissible_uidgid in fs/fuse/dir.c). The price is that he may send
        // this thread signals and set the process's limits by it, so whoever serves several users one after the other compares those (OwnResources.Limits).
        // All capabilities go with the user id, but one stays at hand (permitted, not in effect) to open known files again.
        Require(IdentityCalls.Prctl(KeepCapabilities, 1, 0, 0, 0), "keep a capability (prctl)");
        var (uid, gid) = ((nint)credentials.Uid, (nint)credentials.Gid);
        Require((int)IdentityCalls.Raw(IdentityCalls.SetResGid, gid, gid, gid), "become the job's group (setresgid)");
        Require((int)IdentityCalls.Raw(IdentityCalls.SetResUid, uid, uid, uid), "become the job's user (setresuid)");
        var kept = HandleCalls.UseReadSearch(effective: false) == 0;
        Require(IdentityCalls.Prctl(KeepCapabilities, 0, 0, 0, 0), "keep no more capabilities (prctl)");
        return new WorkerIdentity(manyUsers: false, mayReadSearch: kept);
    }

    /// <summary>Does one thing with the right to find any file of the machine, which a user's worker uses for files that it has found before only.</summary>
    public TResult WithReadSearch<TArgument, TResult>(TArgument argument, Func<TArgument, TResult> action)
        where TArgument : allows ref struct
    {
        if (!_mayReadSearch)
            return action(argument);
        _ = HandleCalls.UseReadSearch(effective: true);
        try
        {
            return action(argument);
        }
        finally
        {
            _ = HandleCalls.UseReadSearch(effective: false);
        }
    }

    /// <summary>Prepares for a call that makes a file, for the process that a request names and with its umask.</summary>
    public void BeginCreation(in FuseRequestHeader header, uint umask)
    {
        if (_umask != umask)
            _ = IdentityCalls.Umask(_umask = umask & 0x1ff);
        if (_manyUsers && header.Gid != 0)
            _ = IdentityCalls.Raw(IdentityCalls.SetFsGid, (nint)header.Gid, 0, 0);
        if (_manyUsers && header.Uid != 0)
            _ = IdentityCalls.Raw(IdentityCalls.SetFsUid, (nint)header.Uid, 0, 0);
    }

    /// <summary>Undoes <see cref="BeginCreation"/>.</summary>
    public void EndCreation(in FuseRequestHeader header)
    {
        if (_manyUsers && header.Uid != 0)
            _ = IdentityCalls.Raw(IdentityCalls.SetFsUid, 0, 0, 0);
        if (_manyUsers && header.Gid != 0)
            _ = IdentityCalls.Raw(IdentityCalls.SetFsGid, 0, 0, 0);
    }

    private static void Require(int result, string what)
    {
        if (result < 0)
            throw new FileViewException($"Cannot {what}: error {Marshal.GetLastPInvokeError()}; the daemon needs the capabilities of root.");
    }
}
