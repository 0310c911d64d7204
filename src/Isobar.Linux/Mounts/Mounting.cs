using Isobar.Linux.Kernel;

namespace Isobar.Linux.Mounts;

/// <summary>Mounts in the mount namespace of the calling thread. Every method throws <see cref="KernelException"/> in one sentence.</summary>
public static class Mounting
{
    /// <summary>Shows one file system (without what is mounted below it) at a second place.</summary>
    public static void Bind(string source, string target) => Mount(source, target, null, MountNative.Bind, null);

    public static void Proc(string target) =>
        Mount("proc", target, "proc", MountNative.NoSetuid | MountNative.NoDevices | MountNative.NoExecute, null);

    /// <summary>An instance of its own of the terminals' file system, so that the job's terminals have the same names everywhere.</summary>
    public static void Terminals(string target) =>
        Mount("devpts", target, "devpts", MountNative.NoSetuid | MountNative.NoExecute, "newinstance,ptmxmode=0666,mode=0620,gid=5");

    /// <param name="target">Where.</param>
    /// <param name="options">Mount data, such as <c>mode=0700,size=50%</c>.</param>
    public static void MemoryFileSystem(string target, string options) =>
        Mount("isobar", target, "tmpfs", MountNative.NoSetuid | MountNative.NoDevices, options);

    /// <summary>What is mounted from now on in this namespace stays here, and nothing comes in from outside.</summary>
    public static void SeparateFromOthers() => Mount("none", "/", null, MountNative.Recursive | MountNative.Private, null);

    /// <summary>What is mounted from now on stays here, but later mounts of the machine still come in.</summary>
    public static void FollowOthers() => Mount("none", "/", null, MountNative.Recursive | MountNative.Slave, null);

    /// <summary>Makes <paramref name="newRoot"/> (a mount point) the root of this namespace; the old tree is gone from it.</summary>
    public static void ChangeRoot(string newRoot)
    {
        ChangeDirectory(newRoot);
        // pivot_root(".", ".") stacks the old root on the new one, which needs no directory for it (pivot_root(2), NOTES).
        if (MountNative.PivotRoot(MountNative.PivotRootCall, ".", ".") != 0)
            throw KernelException.Last("change the root to", newRoot);
        if (MountNative.Unmount(".", MountNative.Detach) != 0)
            throw KernelException.Last("leave the old root of", newRoot);
        ChangeDirectory("/");
    }

    /// <summary>Takes a mount away as soon as nobody uses it; false when there was none.</summary>
    public static bool Detach(string target) => MountNative.Unmount(target, MountNative.Detach) == 0;

    public static void ChangeDirectory(string path)
    {
        if (MountNative.ChangeDirectory(path) != 0)
            throw KernelException.Last("enter the directory", path);
    }

    private static void Mount(string source, string target, string? type, ulong flags, string? data)
    {
        if (MountNative.Mount(source, target, type, flags, data) != 0)
            throw KernelException.Last(type is null ? $"bind {source} on" : $"mount {type} on", target);
    }
}
