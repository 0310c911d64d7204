using System.Globalization;

namespace Isobar.Cli.Doctor.Checks;

/// <summary>Limits of this process and of the machine.</summary>
internal static class LimitChecks
{
    private const long FewFiles = 65_536;
    private const long LazyPipeBytes = 4 << 20;
    private const int SysAdmin = 21;
    private const int SysResource = 24;

    public static IEnumerable<Finding> Run(KernelView kernel)
    {
        yield return Capabilities(kernel);
        yield return OpenFiles(kernel);
        yield return PipeSize(kernel);
    }

    private static Finding Capabilities(KernelView kernel)
    {
        var line = kernel.Lines("/proc/self/status").FirstOrDefault(line => line.StartsWith("CapEff:", StringComparison.Ordinal));
        if (line is null || !ulong.TryParse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var effective))
            return Finding.Warn("capabilities", "They cannot be read from /proc/self/status: mount /proc.");
        if (!Holds(effective, SysAdmin))
            return Finding.Warn("capabilities", "This user cannot make namespaces and mounts, which only the daemon has to: run 'isobar doctor' as root to see what the daemon may do.");
        return Holds(effective, SysResource)
            ? Finding.Good("capabilities", "The jobs of every user can be moved.")
            : Finding.Warn(
                "capabilities",
                "CAP_SYS_RESOURCE is missing, so a job whose processes belong to several users cannot be moved away from here: give this machine's root the capability (in a container: --cap-add SYS_RESOURCE).");
    }

    private static bool Holds(ulong set, int capability) => (set >> capability & 1) == 1;

    private static Finding OpenFiles(KernelView kernel)
    {
        // fs/proc/base.c prints "%-25s %-20s %-20s".
        const int HardColumn = 47;
        var line = kernel.Lines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        var hard = line is { Length: > HardColumn } ? line[HardColumn..].Trim().Split(' ')[0] : null;
        if (hard == "unlimited" || (long.TryParse(hard, NumberStyles.None, CultureInfo.InvariantCulture, out var files) && files >= FewFiles))
            return Finding.Good("open files", $"Up to {hard}.");
        return Finding.Warn("open files", $"The limit is {hard ?? "unknown"}, which busy jobs may reach: raise it to {FewFiles} or more (LimitNOFILE= of the service, or ulimit -n).");
    }

    // criu/page-pipe.c asks for pipes of 4 MB and does not look at the answer, so a smaller one ends in "splice: Bad file descriptor".
    private static Finding PipeSize(KernelView kernel) =>
        long.TryParse(kernel.Read("/proc/sys/fs/pipe-max-size"), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes >= LazyPipeBytes
            ? Finding.Good("pipe size", $"Up to {bytes} bytes, enough for moving memory on demand.")
            : Finding.Warn("pipe size", $"Pipes are too small for moving memory on demand without CAP_SYS_RESOURCE: run 'sysctl fs.pipe-max-size={LazyPipeBytes}'.");
}
