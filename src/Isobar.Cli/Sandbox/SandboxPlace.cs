using System.Security.Cryptography;
using System.Text;

namespace Isobar.Cli.Sandbox;

/// <summary>Where a sandbox keeps what it has: one folder on a disk, with the writable layers of its hosts and its state.</summary>
/// <remarks>
/// Everything is below one folder, so that taking a sandbox down ends with the removal of that folder. It should lie on the machine's root
/// file system: overlayfs keeps device and inode numbers of files the same over a copy-up only when its layers share one file system
/// (Documentation/filesystems/overlayfs.rst, "Inode properties").
/// </remarks>
public sealed class SandboxPlace
{
    /// <summary>The sandbox that is meant when none is named.</summary>
    public const string DefaultName = "default";

    /// <summary>Names another folder for all sandboxes; its default is <c>/var/lib/isobar/sandbox</c>, which no host sees.</summary>
    public const string HomeVariable = "ISOBAR_SANDBOX_HOME";

    /// <summary>In the environment of every first process of a sandbox, with the sandbox's folder: it finds them again after a crash.</summary>
    public const string MarkerVariable = "ISOBAR_SANDBOX_OF";

    private const string DefaultHome = "/var/lib/isobar/sandbox";

    private const int LongestName = 32;

    private SandboxPlace(string name, string folder)
    {
        Name = name;
        Folder = folder;
    }

    public string Name { get; }

    public string Folder { get; }

    /// <summary>Tells the sandbox from all others of this machine, also from one of the same name in another home.</summary>
    public string Tag => Path.GetDirectoryName(Folder) == DefaultHome
        ? Name
        : $"{Name}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Folder)).AsSpan(0, 4))}";

    public string StateFile => Path.Combine(Folder, "state.json");

    public static string Home => Environment.GetEnvironmentVariable(HomeVariable) is { Length: > 0 } home
        ? Path.GetFullPath(home)
        : DefaultHome;

    public static SandboxPlace Of(string? name = null)
    {
        name ??= DefaultName;
        RequireName(name, "sandbox");
        return new SandboxPlace(name, Path.Combine(Home, name));
    }

    /// <summary>All sandboxes that left a folder, up or not.</summary>
    public static IReadOnlyList<SandboxPlace> All() => Directory.Exists(Home)
        ? [.. Directory.GetDirectories(Home).Select(folder => new SandboxPlace(Path.GetFileName(folder), folder)).OrderBy(place => place.Name, StringComparer.Ordinal)]
        : [];

    public string HostFolder(string host) => Path.Combine(Folder, host);

    /// <summary>Host and sandbox names become parts of paths, host names and cgroup names.</summary>
    /// <exception cref="SandboxException">The name has other characters than a-z, 0-9 and '-', or is too long.</exception>
    public static void RequireName(string name, string what)
    {
        if (name.Length is 0 or > LongestName || name[0] == '-' || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            throw new SandboxException($"'{name}' cannot be the name of a {what}: use 1 to {LongestName} of a-z, 0-9 and '-'.");
    }
}
