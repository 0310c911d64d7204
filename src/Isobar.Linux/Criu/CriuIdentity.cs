using System.Globalization;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Criu;

/// <summary>
/// Whose real user and group CRIU takes on while it dumps. It asks prlimit(2) for the limits of each process; the kernel allows that to a caller with
/// CAP_SYS_RESOURCE, or whose *real* user and group are the real, effective and saved ones of the process (check_prlimit_permission in kernel/sys.c). Root in a
/// container often lacks the capability: there CRIU gets the job's user as its real one and stays root in effect, with all its other capabilities.
/// </summary>
/// <param name="User">Number of the user.</param>
/// <param name="Group">Number of the group.</param>
public sealed record CriuIdentity(uint User, uint Group)
{
    /// <summary>Of util-linux, which is essential in Debian; posix_spawn(3) can change the effective user only.</summary>
    internal const string Switch = "/usr/bin/setpriv";

    private const string KernelCache = "/run/criu.kdat";

    /// <summary>The identity that dumping this process and its descendants takes: null when root's own will do.</summary>
    public static CriuIdentity? Needed(int pid)
        => CriuInstallation.MayAskLimits || ProcFs.Status(pid) is not { } status || status is { RealUser: 0, RealGroup: 0 }
            ? null
            : new CriuIdentity(status.RealUser, status.RealGroup);

    /// <summary>
    /// CRIU asks libnftables what the kernel can do, which ends every process with two users; but not when it has its answers in the cache, which a
    /// plain run of it makes.
    /// </summary>
    /// <exception cref="CriuException">The cache cannot be made.</exception>
    public static async Task PrepareAsync(CriuInstallation criu, CancellationToken cancellationToken)
    {
        if (File.Exists(KernelCache))
            return;
        await criu.CheckAsync(cancellationToken).ConfigureAwait(false);
        if (!File.Exists(KernelCache))
            throw new CriuException(
                "A job of another user than root cannot be moved from here: this machine's root lacks CAP_SYS_RESOURCE, and /run is not a tmpfs; give isobard the capability or mount a tmpfs on /run.", null);
    }

    internal List<string> Wrap(string criu, IEnumerable<string> arguments) =>
    [
        "setpriv", "--ruid", User.ToString(CultureInfo.InvariantCulture), "--rgid", Group.ToString(CultureInfo.InvariantCulture), "--keep-groups", criu,
        .. arguments.Skip(1),
    ];
}
