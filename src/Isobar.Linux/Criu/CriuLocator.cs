namespace Isobar.Linux.Criu;

/// <summary>Finds the CRIU to use: ISOBAR_CRIU, then a new enough one on PATH, then the one that Isobar's set-up installs.</summary>
public static class CriuLocator
{
    public const string Variable = "ISOBAR_CRIU";

    /// <summary>Starts the CRIU of the private prefix with its own libraries.</summary>
    public const string PrivatePath = "/usr/lib/isobar/bin/criu";

    private static CriuInstallation? _found;

    /// <summary>The one to use; what was found is kept while it is there, since asking a program for its version takes longer than a small job's freeze.</summary>
    /// <exception cref="CriuException">There is none.</exception>
    public static async Task<CriuInstallation> FindAsync(CancellationToken cancellationToken = default)
    {
        if (_found is { } found && File.Exists(found.Path))
            return found;
        return _found = await SearchAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<CriuInstallation> SearchAsync(CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
        {
            return File.Exists(chosen)
                ? new CriuInstallation(Path.GetFullPath(chosen))
                : throw new CriuException($"{Variable} names {chosen}, which does not exist; correct it or unset it.");
        }

        var searchPath = Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin";
        Version? tooOld = null;
        foreach (var directory in searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var candidate = new CriuInstallation(Path.Combine(directory, "criu"));
            if (!Path.IsPathRooted(candidate.Path) || !File.Exists(candidate.Path))
                continue;
            var version = await candidate.VersionAsync(cancellationToken).ConfigureAwait(false);
            if (version >= CriuInstallation.OldestVersion)
                return candidate;
            tooOld ??= version;
        }

        if (File.Exists(PrivatePath))
            return new CriuInstallation(PrivatePath);
        throw new CriuException(tooOld is null
            ? $"CRIU is not installed; run eng/setup or install CRIU {CriuInstallation.OldestVersion} or newer."
            : $"CRIU {tooOld} is too old; run eng/setup or install CRIU {CriuInstallation.OldestVersion} or newer.");
    }
}
