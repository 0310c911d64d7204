using Isobar.Linux.Mounts;

namespace Isobar.Linux.Tests.Mounts;

public sealed class MountTableTests
{
    private static readonly string[] Lines =
    [
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
        "23 22 0:20 / /proc rw - proc proc rw",
        "24 22 0:21 / /tmp rw shared:2 - tmpfs tmpfs rw",
        "25 22 8:2 / /tmp/a\\040b rw master:3 propagate_from:2 - ext4 /dev/sdb1 rw",
        "26 22 0:22 / /run/isobar rw - tmpfs isobar rw",
        "27 22 0:23 / /dev/shm rw - tmpfs tmpfs rw",
    ];

    [Fact]
    public void Points_and_types_are_read_with_their_escapes()
    {
        var entries = MountTable.Parse(Lines);
        Assert.Equal(new MountEntry("/", "/tmp/a b", "ext4", "/dev/sdb1"), entries[3]);
        Assert.Equal("tmpfs", MountTable.TypeAt("/tmp/x", entries));
        Assert.Equal("ext4", MountTable.TypeAt("/tmpx", entries));
    }

    [Fact]
    public void Only_the_users_file_systems_are_the_homes()
    {
        Assert.Equal(["/tmp"], MountTable.HomeFileSystems(MountTable.Parse([.. Lines[..3], .. Lines[4..]]), "/run/isobar"));
    }
}
