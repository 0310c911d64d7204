using System.Buffers;
using System.Buffers.Text;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>The processes of a job.</summary>
public static class ProcessTree
{
    /// <summary>
    /// The root and all its descendants, parents before children (/proc/PID/task/TID/children, CONFIG_PROC_CHILDREN; kernel 4.2). In a job,
    /// whose orphans all go to its init, that is everything that was started inside, nested namespaces included.
    /// </summary>
    public static IReadOnlyList<int> Descend(int root)
    {
        var found = new List<int> { root };
        var seen = new HashSet<int> { root };
        for (var i = 0; i < found.Count; i++)
        {
            foreach (var thread in ProcFs.ThreadIds(found[i]))
            {
                foreach (var child in Children(found[i], thread))
                {
                    if (seen.Add(child))
                        found.Add(child);
                }
            }
        }

        return found;
    }

    /// <summary>All processes whose PID namespace is the given one or below it: also those that entered from outside (setns), which have another parent.</summary>
    /// <param name="init">The namespace's first process (its number in our namespace).</param>
    public static IReadOnlyList<int> InNamespaceOf(int init)
    {
        if (ProcFs.NamespaceInode(init, "pid") is not { } inode)
            return [];
        var found = new List<int>(Descend(init));
        var seen = new HashSet<int>(found);
        foreach (var pid in ProcFs.AllPids())
        {
            if (!seen.Contains(pid) && ProcFs.NamespaceInode(pid, "pid") == inode)
                found.Add(pid);
        }

        return found;
    }

    /// <summary>Memory that a dump of these processes carries, in bytes, estimated before the dump (<see cref="ProcFs.AnonymousBytes"/>).</summary>
    public static long EstimateDumpBytes(IEnumerable<int> pids) => pids.Sum(ProcFs.AnonymousBytes);

    private static List<int> Children(int pid, int thread)
    {
        var result = new List<int>();
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            if (KernelFile.TryRead($"/proc/{pid}/task/{thread}/children", buffer) is not { } length)
                return result;
            ReadOnlySpan<byte> text = buffer.AsSpan(0, length);
            while (Utf8Parser.TryParse(text = text.TrimStart((byte)' '), out int child, out var used))
            {
                result.Add(child);
                text = text[used..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return result;
    }
}
