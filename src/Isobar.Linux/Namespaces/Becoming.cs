using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Namespaces;

/// <summary>The last steps of a process that turns into a job's program: limits, user, ignored signals, exec.</summary>
public static unsafe partial class Becoming
{
    private const int FileModeMask = 0xFFF;

    /// <summary>Sets a resource limit; a limit that the kernel does not permit to raise stays as it is, as after a login.</summary>
    public static void Limit(int resource, ulong soft, ulong hard)
    {
        var limit = stackalloc ulong[] { soft, hard };
        if (SetLimit(resource, limit) == 0)
            return;
        var error = Marshal.GetLastPInvokeError();
        if (error != Errno.NotPermitted)
            throw new KernelException($"set resource limit {resource}", null, error);
        var now = stackalloc ulong[2];
        if (GetLimit(resource, now) == 0)
        {
            limit[1] = now[1];
            limit[0] = Math.Min(soft, now[1]);
            _ = SetLimit(resource, limit);
        }
    }

    /// <summary>Raises a hard limit where it is lower, while this process still may; the soft one stays.</summary>
    public static void RaiseLimit(int resource, ulong hard)
    {
        var (soft, now) = CurrentLimit(resource);
        if (now < hard)
            Limit(resource, soft, hard);
    }

    /// <summary>The limit of this process: soft and hard.</summary>
    public static (ulong Soft, ulong Hard) CurrentLimit(int resource)
    {
        var now = stackalloc ulong[2];
        return GetLimit(resource, now) == 0 ? (now[0], now[1]) : (ulong.MaxValue, ulong.MaxValue);
    }

    /// <summary>Takes on the user's identity for good, in every thread of this process (the C library's wrappers see to that).</summary>
    public static void User(uint uid, uint gid, IReadOnlyList<uint> groups)
    {
        fixed (uint* list = groups.ToArray())
        {
            if (SetGroups((nuint)groups.Count, list) != 0 || SetGid(gid, gid, gid) != 0 || SetUid(uid, uid, uid) != 0)
                throw KernelException.Last($"take on user {uid}");
        }
    }

    public static void Umask(int mask) => _ = SetUmask(mask & FileModeMask);

    public static void Nice(int value) => _ = SetPriority(0, 0, value);

    /// <summary>Sets the dispositions of all signals to default, but those named to ignored; exec keeps both.</summary>
    public static void Signals(IReadOnlyList<int> ignored)
    {
        const int Last = 64;
        for (var signal = 1; signal <= Last; signal++)
            _ = SetHandler(signal, ignored.Contains(signal) ? 1 : 0);
    }

    /// <summary>Turns this process into a program; returns the error number when that failed.</summary>
    public static int Execute(string path, IReadOnlyList<byte[]> arguments, IReadOnlyList<byte[]> environment)
    {
        var argv = Vector(arguments);
        var envp = Vector(environment);
        _ = Exec(path, argv, envp);
        return Marshal.GetLastPInvokeError();
    }

    /// <summary>0 when the calling user may execute the file, else the error number.</summary>
    public static int MayExecute(string path) => Access(path, 1) == 0 ? 0 : Marshal.GetLastPInvokeError();

    public static void CloseAtExec(int fd)
    {
        const int SetDescriptorFlags = 2;
        const int Close = 1;
        if (LibC.Fcntl(fd, SetDescriptorFlags, Close) < 0)
            throw KernelException.Last("mark a descriptor");
    }

    public static void Duplicate(int from, int to)
    {
        if (Dup2(from, to) < 0)
            throw KernelException.Last("place a descriptor");
    }

    private static byte** Vector(IReadOnlyList<byte[]> items)
    {
        // Never freed: the process image is about to be replaced.
        var vector = (byte**)NativeMemory.AllocZeroed((nuint)items.Count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < items.Count; i++)
        {
            vector[i] = (byte*)NativeMemory.AllocZeroed((nuint)items[i].Length + 1);
            items[i].CopyTo(new Span<byte>(vector[i], items[i].Length));
        }

        return vector;
    }

    [LibraryImport(LibC.Name, EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, ulong* limit);

    [LibraryImport(LibC.Name, EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, ulong* limit);

    [LibraryImport(LibC.Name, EntryPoint = "setgroups", SetLastError = true)]
    private static partial int SetGroups(nuint count, uint* groups);

    [LibraryImport(LibC.Name, EntryPoint = "setresgid", SetLastError = true)]
    private static partial int SetGid(uint real, uint effective, uint saved);

    [LibraryImport(LibC.Name, EntryPoint = "setresuid", SetLastError = true)]
    private static partial int SetUid(uint real, uint effective, uint saved);

    [LibraryImport(LibC.Name, EntryPoint = "umask")]
    private static partial int SetUmask(int mask);

    [LibraryImport(LibC.Name, EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int who, int value);

    [LibraryImport(LibC.Name, EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetHandler(int signal, nint handler);

    [LibraryImport(LibC.Name, EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Exec(string path, byte** arguments, byte** environment);

    [LibraryImport(LibC.Name, EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport(LibC.Name, EntryPoint = "dup2", SetLastError = true)]
    private static partial int Dup2(int from, int to);
}
