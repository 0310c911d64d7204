using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Kernel;

/// <summary>
/// Raw descriptors held as <see cref="SafeFileHandle"/>, so that they work with FileStream and RandomAccess as they are.
/// Every descriptor we make is close-on-exec; a child gets only what <see cref="Processes.SpawnRequest"/> names.
/// </summary>
public static class FileDescriptor
{
    /// <summary>Takes ownership of the result of a call; a negative one throws with the thread's last error.</summary>
    public static SafeFileHandle Own(int fd, string operation, string? path = null)
        => fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelException.Last(operation, path);

    /// <summary>The number, valid as long as the handle is held open by the caller.</summary>
    public static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    /// <summary>open(2) with O_CLOEXEC added.</summary>
    public static SafeFileHandle Open(string path, int flags = LibC.OpenReadOnly, int mode = 0)
        => Own(LibC.Open(path, flags | LibC.OpenCloseOnExec, mode), "open", path);

    /// <summary>A second descriptor of the same open file, close-on-exec, numbered <paramref name="atLeast"/> or higher.</summary>
    public static SafeFileHandle Duplicate(SafeFileHandle handle, int atLeast = 3)
    {
        var held = false;
        handle.DangerousAddRef(ref held);
        try
        {
            return Own(LibC.Fcntl(Number(handle), LibC.DuplicateCloseOnExec, atLeast), "duplicate a descriptor");
        }
        finally
        {
            handle.DangerousRelease();
        }
    }
}
