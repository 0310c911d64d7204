using Isobar.Linux.Load;

namespace Isobar.Linux.Tests.Load;

/// <summary>Control groups of both versions, in folders that look like the kernel's.</summary>
public sealed class ControlGroupTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("isobar-test-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Version_1_the_tightest_quota_up_to_the_root_counts()
    {
        Write("cpu/cpu.cfs_quota_us", "-1");
        Write("cpu/box/cpu.cfs_quota_us", "30000");
        Write("cpu/box/cpu.cfs_period_us", "20000");
        Write("cpu/box/inner/cpu.cfs_quota_us", "100000");
        Write("cpu/box/inner/cpu.cfs_period_us", "50000");
        Write("cpuacct/box/inner/cpuacct.usage", "2500000000\n");
        Write("memory/memory.limit_in_bytes", "9223372036854771712");
        Write("memory/box/memory.limit_in_bytes", "1000000");
        Write("memory/box/memory.usage_in_bytes", "700000");
        Write("memory/box/memory.stat", "cache 5\ninactive_file 1\ntotal_inactive_file 200000\n");
        using var group = new ControlGroup(
            "2:cpuacct:/box/inner\n1:cpu:/box/inner\n3:memory:/box\n0::/\n",
            $"25 1 0:23 / {_root}/cpu rw - cgroup cgroup rw,cpu\n26 1 0:24 / {_root}/cpuacct rw - cgroup cgroup rw,cpuacct\n27 1 0:25 / {_root}/memory rw - cgroup cgroup rw,memory\n28 1 0:26 / {_root}/none rw - cgroup2 cgroup2 rw\n");
        Assert.Equal(1.5, group.CpuQuota());
        Assert.Equal(2.5, group.CpuSeconds());
        Assert.Equal(1_000_000, group.MemoryLimit);
        Assert.Equal(500_000, group.MemoryUsed());

        // An administrator's change is seen at the next look.
        Write("cpu/box/cpu.cfs_quota_us", "10000");
        Assert.Equal(0.5, group.CpuQuota());
    }

    [Fact]
    public void Version_2_has_one_hierarchy_and_a_word_for_no_limit()
    {
        Write("box/cpu.max", "max 100000\n");
        Write("box/inner/cpu.max", "25000 100000\n");
        Write("box/inner/cpu.stat", "usage_usec 1500000\nuser_usec 1\nsystem_usec 2\n");
        Write("box/memory.max", "4096000\n");
        Write("box/memory.current", "1000\n");
        Write("box/memory.stat", "anon 1\ninactive_file 400\n");
        Write("box/inner/memory.max", "max\n");
        using var group = new ControlGroup("0::/box/inner\n", $"25 1 0:23 / {_root} rw shared:4 - cgroup2 cgroup2 rw\n");
        Assert.Equal(0.25, group.CpuQuota());
        Assert.Equal(1.5, group.CpuSeconds());
        Assert.Equal(4_096_000, group.MemoryLimit);
        Assert.Equal(600, group.MemoryUsed());
    }

    [Fact]
    public void Without_control_groups_nothing_is_limited()
    {
        using var group = new ControlGroup("", "");
        Assert.Null(group.CpuQuota());
        Assert.Null(group.CpuSeconds());
        Assert.Null(group.MemoryLimit);
        Assert.Null(group.MemoryUsed());
    }

    [Fact]
    public void A_mount_of_a_part_of_the_hierarchy_is_understood()
    {
        Write("cpu.max", "50000 100000\n");
        using var group = new ControlGroup("0::/outer/box\n", $"25 1 0:23 /outer/box {_root} rw - cgroup2 cgroup2 rw\n");
        Assert.Equal(0.5, group.CpuQuota());
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
