using Isobar.Linux.Files;
using Isobar.Linux.Mounts;
using Isobar.Linux.Namespaces;

namespace Isobar.Linux.Tests.Files;

public sealed class FolderRemovalTests
{
    [Fact]
    public void What_is_mounted_below_is_not_touched()
    {
        var kept = Directory.CreateTempSubdirectory("isobar-kept-").FullName;
        var removed = Directory.CreateTempSubdirectory("isobar-removed-").FullName;
        File.WriteAllText(Path.Combine(kept, "precious"), "x");
        File.WriteAllText(Path.Combine(removed, "file"), "x");
        Directory.CreateDirectory(Path.Combine(removed, "a", "mounted"));
        // On a thread of its own in its own mount namespace: whatever this test does wrong, the mount is gone with the thread.
        var result = OwnNamespaces.RunIn(NamespaceKinds.Mount, () =>
        {
            Mounting.FollowOthers();
            Mounting.Bind(kept, Path.Combine(removed, "a", "mounted"));
            return FolderRemoval.Remove(removed);
        });
        Assert.False(result);
        Assert.True(File.Exists(Path.Combine(kept, "precious")));
        Assert.False(File.Exists(Path.Combine(removed, "file")));
        Assert.True(FolderRemoval.Remove(removed));
        Assert.False(Directory.Exists(removed));
        Assert.True(FolderRemoval.Remove(kept));
    }

    [Fact]
    public void Links_are_removed_and_not_followed()
    {
        var target = Directory.CreateTempSubdirectory("isobar-target-").FullName;
        File.WriteAllText(Path.Combine(target, "file"), "x");
        var folder = Directory.CreateTempSubdirectory("isobar-links-").FullName;
        File.CreateSymbolicLink(Path.Combine(folder, "link"), target);
        Assert.True(FolderRemoval.Remove(folder));
        Assert.True(File.Exists(Path.Combine(target, "file")));
        Assert.True(FolderRemoval.Remove(target));
    }
}
