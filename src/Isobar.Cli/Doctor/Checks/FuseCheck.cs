using System.Globalization;
using Isobar.Cli.Sandbox;

namespace Isobar.Cli.Doctor.Checks;

/// <summary>The kernel's FUSE: the way by which a job sees its home's files.</summary>
internal static class FuseCheck
{
    private const string Device = "/dev/fuse";

    // 7.31 (Linux 5.4) is from when the requests that the file view answers are all there; 7.40 (Linux 6.9) has passthrough.
    private const int LeastMinor = 31;
    private const int PassthroughMinor = 40;

    // The kernel's first request on a mounted device is INIT: a header of 40 bytes, then its major and minor version (fuse.h).
    private const string AskKernel =
        "exec 3<>/dev/fuse; mount -i -t fuse probe /mnt -o fd=3,rootmode=40000,user_id=0,group_id=0 && dd bs=65536 count=1 <&3 2>/dev/null | od -An -tu4 -j40 -N8";

    public static async Task<Finding> RunAsync(CancellationToken cancellation)
    {
        if (!File.Exists(Device))
            return Finding.Bad("fuse", $"{Device} is missing, so no job can run on another machine: load the module fuse, or let the container have the device.");
        if (!Environment.IsPrivilegedProcess)
            return Finding.Good("fuse", $"{Device} is there (run as root to see its version).");
        var answer = await ExternalCommand.RunAsync(["unshare", "--mount", "sh", "-c", AskKernel], null, cancellation).ConfigureAwait(false);
        var numbers = answer.Output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return answer.ExitCode == 0 && numbers.Length == 2 && int.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? Judge(numbers[0], minor)
            : Finding.Bad("fuse", $"{Device} cannot be mounted ({answer.Complaint}): this needs CAP_SYS_ADMIN and, in a container, the device.");
    }

    internal static Finding Judge(string major, int minor) => (major, minor) switch
    {
        ("7", >= PassthroughMinor) => Finding.Good("fuse", $"The kernel speaks FUSE 7.{minor}, with passthrough."),
        ("7", >= LeastMinor) => Finding.Good("fuse", $"The kernel speaks FUSE 7.{minor} (passthrough of equal files comes with 7.{PassthroughMinor}, Linux 6.9)."),
        _ => Finding.Bad("fuse", $"The kernel speaks FUSE {major}.{minor}, which is too old: use Linux 5.4 or newer."),
    };
}
