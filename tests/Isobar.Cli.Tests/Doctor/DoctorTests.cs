using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Isobar.Cli.Doctor;
using Isobar.Cli.Doctor.Checks;

namespace Isobar.Cli.Tests.Doctor;

/// <summary>Machines that lack something, made of files: each check must say so, and what to do.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("isobar-doctor-").FullName;

    public DoctorTests()
    {
        foreach (var kind in (string[])["mnt", "pid", "ipc", "uts", "net", "time"])
            Put($"proc/self/ns/{kind}", "");
        Put("proc/sys/kernel/ns_last_pid", "1");
        Put("proc/sys/fs/pipe-max-size", "4194304");
        Put("proc/filesystems", "nodev\tsysfs\nnodev\toverlay\n");
        Put("proc/self/mounts", "/dev/vda / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n");
        Put("proc/self/status", "Name:\tisobar\nCapEff:\t000001ffffffffff\n");
        Put("proc/self/limits", "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 1048576              files     \n");
        Put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids");
        Put("dev/userfaultfd", "");
    }

    private KernelView Kernel => new(_root);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_machine_with_everything_has_only_good_findings() =>
        Assert.All(All(), finding => Assert.Equal(Verdict.Ok, finding.Verdict));

    [Theory]
    [InlineData("proc/self/ns/time", "time namespace", Verdict.Problem, "CONFIG_TIME_NS")]
    [InlineData("proc/self/ns/pid", "namespaces", Verdict.Problem, "pid")]
    [InlineData("proc/sys/kernel/ns_last_pid", "checkpoint", Verdict.Problem, "CONFIG_CHECKPOINT_RESTORE")]
    [InlineData("proc/filesystems", "overlay", Verdict.Warning, "overlay")]
    [InlineData("proc/self/mounts", "/run", Verdict.Warning, "tmpfs")]
    [InlineData("dev/userfaultfd", "userfaultfd", Verdict.Warning, "Linux 6.1")]
    [InlineData("proc/sys/fs/pipe-max-size", "pipe size", Verdict.Warning, "sysctl")]
    [InlineData("sys/fs/cgroup/cgroup.controllers", "control groups", Verdict.Warning, "cgroup2")]
    public void What_is_missing_is_named_with_its_remedy(string path, string subject, Verdict expected, string word)
    {
        File.Delete(Path.Combine(_root, path));
        var finding = Assert.Single(All(), finding => finding.Verdict != Verdict.Ok);
        Assert.Equal((subject, expected), (finding.Subject, finding.Verdict));
        Assert.Contains(word, finding.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("000001fffeffffff", "several users")]
    [InlineData("0000000000000000", "as root")]
    public void Capabilities_that_are_missing_are_a_warning(string effective, string words)
    {
        Put("proc/self/status", $"CapEff:\t{effective}\n");
        var finding = Assert.Single(All(), finding => finding.Verdict != Verdict.Ok);
        Assert.Equal(Verdict.Warning, finding.Verdict);
        Assert.Contains(words, finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_low_limit_of_open_files_is_read_from_the_hard_column()
    {
        Put("proc/self/limits", "Max open files            1048576              4096                 files     \n");
        Assert.Contains("4096", Assert.Single(All(), finding => finding.Verdict == Verdict.Warning).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_that_is_not_loaded_yet_counts()
    {
        Put("proc/filesystems", "nodev\tsysfs\n");
        Put("proc/sys/kernel/osrelease", "6.1.0-test");
        Put("lib/modules/6.1.0-test/modules.dep", "kernel/fs/overlayfs/overlay.ko.xz:\n");
        Assert.All(All(), finding => Assert.Equal(Verdict.Ok, finding.Verdict));
    }

    [Theory]
    [InlineData("7", 45, Verdict.Ok)]
    [InlineData("7", 31, Verdict.Ok)]
    [InlineData("7", 30, Verdict.Problem)]
    [InlineData("8", 1, Verdict.Problem)]
    public void The_kernels_fuse_version_decides(string major, int minor, Verdict expected) =>
        Assert.Equal(expected, FuseCheck.Judge(major, minor).Verdict);

    [Theory]
    [InlineData(0.4, Verdict.Ok)]
    [InlineData(-1.9, Verdict.Ok)]
    [InlineData(3, Verdict.Warning)]
    [InlineData(-3600, Verdict.Warning)]
    public void Clocks_that_differ_by_more_than_their_reading_are_named(double seconds, Verdict expected) =>
        Assert.Equal(expected, NetworkChecks.Judge("clock of beta", TimeSpan.FromSeconds(seconds)).Verdict);

    [Fact]
    public void A_taken_port_is_a_problem()
    {
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var finding = NetworkChecks.FreePorts(port);
        Assert.Equal(Verdict.Problem, finding.Verdict);
        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_program_names_its_package()
    {
        var findings = ProgramChecks.Run("").ToList();
        Assert.DoesNotContain(findings, finding => finding.Subject == "no-such-program");
        // Debian keeps these two in /usr/bin, which is not among the folders that are always looked at.
        Assert.Contains(findings, finding => finding is { Subject: "etcd", Verdict: Verdict.Problem } && finding.Text.Contains("etcd-server", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding is { Subject: "unshare", Verdict: Verdict.Warning });
    }

    [Fact]
    public async Task The_report_has_one_line_for_each_finding_and_a_verdict()
    {
        using var output = new StringWriter();
        await DoctorCommand.WriteAsync(output, [Finding.Good("fuse", "Fine."), Finding.Bad("dumb-init", "Missing.")], hasColours: false);
        Assert.Equal("OK    fuse       Fine.\nFAIL  dumb-init  Missing.\nThis machine is not fit for Isobar yet: 1 to mend.\n", output.ToString());
    }

    private IEnumerable<Finding> All() => [.. KernelChecks.Run(Kernel), .. LimitChecks.Run(Kernel), ControlGroupCheck.Run(Kernel)];

    private void Put(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
