using System.Runtime.ExceptionServices;
using System.Text;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Namespaces;

/// <summary>The kinds of namespaces that a job has of its own (clone(2)).</summary>
[Flags]
public enum NamespaceKinds
{
    None = 0,
    Mount = 0x00020000,
    HostName = 0x04000000,
    Ipc = 0x08000000,
    Pid = 0x20000000,
}

/// <summary>Making and naming namespaces.</summary>
public static class OwnNamespaces
{
    /// <summary>
    /// Does something on a thread of its own that has entered new namespaces; what it spawns is born in them, and the thread ends with it.
    /// </summary>
    /// <remarks>
    /// unshare(2) changes the calling thread only. A thread with a new PID namespace for its children can make no threads, so the action must not use
    /// the thread pool. A process may be spawned: posix_spawn shares the memory, not the thread group, which the kernel allows since 3.9.
    /// </remarks>
    public static T RunIn<T>(NamespaceKinds kinds, Func<T> action)
    {
        // The thread that waits for what is spawned outlives this one. Made by it, it would hold the new mount namespace for ever (a mount of a process that was killed would stay), and
        // in a new PID namespace it could not be made at all.
        ChildReaper.Start();
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Unshare(kinds);
                result = action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = "namespaces" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>The calling thread leaves its namespaces of these kinds for new ones.</summary>
    public static void Unshare(NamespaceKinds kinds)
    {
        if (NamespaceNative.Unshare((int)kinds) != 0)
            throw KernelException.Last($"make new namespaces ({kinds})");
    }

    /// <summary>The NIS domain name, which nearly always is <c>(none)</c>.</summary>
    public static unsafe string DomainName()
    {
        var name = stackalloc byte[65];
        return NamespaceNative.GetDomainName(name, 64) == 0 ? Encoding.UTF8.GetString(new ReadOnlySpan<byte>(name, 65).SliceToZero()) : "";
    }

    private static ReadOnlySpan<byte> SliceToZero(this ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return end < 0 ? bytes : bytes[..end];
    }
}
