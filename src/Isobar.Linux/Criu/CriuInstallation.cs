using System.Globalization;
using Isobar.Linux.Criu.Rpc;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Criu;

/// <summary>A CRIU program: the binary itself, or a script that starts it.</summary>
/// <param name="Path">Absolute path.</param>
public sealed record CriuInstallation(string Path)
{
    private const int PageBytes = 4096;
    private const long LazyPipe = 4 << 20;
    private const int SysResource = 24;

    /// <summary>4.2 is the first that can dump a socket on kernel 6.16 and later (its issues 2705 and 2804).</summary>
    public static Version OldestVersion { get; } = new(4, 2);

    /// <summary>This process has CAP_SYS_RESOURCE and may ask for the limits of every process (prlimit(2)).</summary>
    public static bool MayAskLimits { get; } = HasCapability(SysResource);

    /// <summary>CRIU starts tar, ip and others by PATH; HOME is left out so that no personal configuration is read.</summary>
    internal static IReadOnlyList<string> ProgramEnvironment { get; } = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];

    /// <summary>Null when it does not start or does not answer.</summary>
    public async Task<Version?> VersionAsync(CancellationToken cancellationToken = default)
        => (await AskAsync(CriuRequest.Version(), cancellationToken).ConfigureAwait(false))?.Version;

    /// <summary>Looks at everything that moving jobs needs of CRIU and of the kernel for it.</summary>
    public async Task<IReadOnlyList<CriuFinding>> CheckAsync(CancellationToken cancellationToken = default)
    {
        var version = await VersionAsync(cancellationToken).ConfigureAwait(false);
        if (version is null)
            return [new CriuFinding("criu", false, true, $"{Path} does not start or does not answer; run eng/setup to install CRIU.")];
        var enough = version >= OldestVersion;
        var check = await AskAsync(CriuRequest.Check(), cancellationToken).ConfigureAwait(false);
        var features = await AskAsync(CriuRequest.Features(), cancellationToken).ConfigureAwait(false);
        return
        [
            new("criu", enough, true, enough ? $"CRIU {version} at {Path}." : $"CRIU {version} at {Path} is too old; run eng/setup or install {OldestVersion} or newer."),
            new("criu check", check is { Success: true }, true, CheckText(check)),
            new("lazy pages", features is { LazyPages: true }, false, features is { LazyPages: true }
                ? "The kernel can fetch a job's memory on demand."
                : "The kernel cannot fetch memory on demand (userfaultfd); large jobs will be moved eagerly."),
            PipeSize(),
            Cache(),
            Capabilities(),
            Tar(),
        ];
    }

    internal CriuException CannotStart(KernelException e)
        => new($"CRIU cannot be started from {Path} ({ErrnoText.Describe(e.ErrorNumber)}); install it again or set {CriuLocator.Variable}.", null, e);

    private static string CheckText(CriuResponse? check) => check switch
    {
        { Success: true } => "The kernel has all features that CRIU needs.",
        { ErrorText: { } text } => $"The kernel lacks something that CRIU needs ({text.Trim()}); use a distribution kernel and run as root.",
        _ => "CRIU's own check failed without a reason; run criu check as root to see why.",
    };

    private static CriuFinding PipeSize()
    {
        var size = long.Parse(File.ReadAllText("/proc/sys/fs/pipe-max-size").AsSpan().Trim(), CultureInfo.InvariantCulture);
        return new("pipe size", size >= LazyPipe, false, size >= LazyPipe
            ? "Pipes may be wide enough for moving memory on demand."
            : $"Pipes are limited to {size / PageBytes} pages, which lazy moves need more than without CAP_SYS_RESOURCE; set fs.pipe-max-size to {LazyPipe}.");
    }

    // criu/kerndat.c keeps what it found out about the kernel in /run/criu.kdat, but only on a tmpfs.
    private static CriuFinding Cache()
    {
        var isMemory = Directory.Exists("/run") && new DriveInfo("/run").DriveFormat == "tmpfs";
        return new("criu cache", isMemory, false, isMemory
            ? "/run is in memory, so that CRIU can cache what it knows about the kernel."
            : "/run is not a tmpfs, so that each call of CRIU costs 30 ms more; mount a tmpfs on /run.");
    }

    private static bool HasCapability(int number) => ProcFs.Status(Environment.ProcessId) is { } status && (status.EffectiveCapabilities >> number & 1) == 1;

    private static CriuFinding Capabilities() => new("capabilities", MayAskLimits, false, MayAskLimits
        ? "CAP_SYS_RESOURCE is there, so that jobs of every user can be moved."
        : "CAP_SYS_RESOURCE is missing, so that a job whose processes belong to several users cannot be moved; give it to the machine's root or to isobard.");

    private static CriuFinding Tar()
    {
        string[] places = ["/usr/bin/tar", "/bin/tar"];
        var found = places.Any(File.Exists);
        return new("tar", found, false, found
            ? "tar is there for a job's memory file systems."
            : "tar is missing; install it: CRIU packs a job's memory file systems with it.");
    }

    private async Task<CriuResponse?> AskAsync(ProtoWriter request, CancellationToken cancellationToken)
    {
        try
        {
            await using var worker = CriuWorker.Start(this, []);
            return await worker.AskAsync(request, static _ => ValueTask.FromResult(true)).WaitAsync(TimeSpan.FromSeconds(20), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CriuException or TimeoutException)
        {
            return null;
        }
    }
}
