using System.Globalization;

namespace Isobar.Linux.Load;

/// <summary>What does not change between two boots, and the time since the last.</summary>
public static class MachineFacts
{
    /// <summary>The kernel's release, as uname -r.</summary>
    public static string Kernel { get; } = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    /// <summary>A random number of this boot.</summary>
    public static string BootId { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Cores that this process may use (affinity and CPU quota counted).</summary>
    public static int Cores => Environment.ProcessorCount;

    public static TimeSpan Uptime => TimeSpan.FromSeconds(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture));
}
