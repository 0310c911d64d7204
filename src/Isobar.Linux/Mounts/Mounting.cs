using Isobar.Linux.Kernel;

namespace Isobar.Linux.Mounts;

/// <summary>Mounts in the mount namespace of the calling thread. Every method throws <see cref="KernelException"/> in one sentence.</summary>
public static class Mounting
{
    /// <summary>Shows one file system (without what is mounted below it) at a second place.</summary>
    public static void Bind(string source, string target) => Mount(source, target, null, MountNative.Bind, null);

    /// <param name="target">Where.</param>
    /// <param name="options">Mount data, such as <c>mode=0700,size=50%</c>.</param>
    public static void MemoryFileSystem(string target, string options) =>
        Mount("isobar", target, "tmpfs", MountNative.NoSetuid | MountNative.NoDevices, options);

    /// <summary>What is mounted from now on stays here, but later mounts of the machine still come in.</summary>
    public static void FollowOthers() => Mount("none", "/", null, MountNative.Recursive | MountNative.Slave, null);

    /// <summary>Takes a mount away as soon as nobody uses it; false when there was none.</summary>
    public static bool Detach(string target) => MountNative.Unmount(target, MountNative.Detach) == 0;

    private static void Mount(string source, string target, string? type, ulong flags, string? data)
    {
        if (MountNative.Mount(source, target, type, flags, data) != 0)
            throw KernelException.Last(type is null ? $"bind {source} on" : $"mount {type} on", target);
    }
}
