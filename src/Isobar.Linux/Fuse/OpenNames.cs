using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Isobar.Linux.Files;
using Isobar.Linux.Fuse.Guest;
using Isobar.Linux.Fuse.Home;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Fuse;

/// <summary>
/// The names of files that processes hold in a view. The kernel keeps the name by which a file was found, and learns of a rename or removal at home only when somebody
/// looks for that name again, after a second at the earliest (<see cref="FileViewServerOptions.CacheTime"/>). CRIU opens files by those names elsewhere: a name that
/// leads to another file fails its dump, one that leads nowhere its restore, and a folder that was renamed every dump, since a folder cannot be linked to a
/// temporary name (create_link_remap in criu/files-reg.c).
/// </summary>
/// <remarks>
/// So home is asked for each one's present name, and where it is another one, both are looked for until the kernel knows: a folder it then moves to its new name
/// (d_splice_alias in fs/dcache.c: a folder has one), a file it calls deleted, which CRIU has a way for.
/// </remarks>
public static class OpenNames
{
    private const int PathLimit = 4096;

    /// <summary>A little longer than names are believed.</summary>
    private static readonly TimeSpan KnownWithin = TimeSpan.FromSeconds(1.3);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Corrects the names under which processes hold files of a view; done when they are right or a little more than a second is over.</summary>
    /// <param name="processes">Processes that see the view as their root file system.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many were wrong.</returns>
    public static async Task<int> FreshenAsync(IReadOnlyList<int> processes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(processes);
        var wrong = 0;
        await ClientThread.RunAsync(() => wrong = Freshen(processes, cancellationToken)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return wrong;
    }

    private static int Freshen(IReadOnlyList<int> processes, CancellationToken cancellationToken)
    {
        var stale = FindStale(processes, cancellationToken);
        var wrong = stale.Count;
        var clock = Stopwatch.StartNew();
        while (stale.RemoveAll(name => name.IsKnownNow()) >= 0 && stale.Count > 0 && clock.Elapsed < KnownWithin && !cancellationToken.IsCancellationRequested)
            Thread.Sleep(LookEvery);
        return wrong;
    }

    private static List<Stale> FindStale(IReadOnlyList<int> processes, CancellationToken cancellationToken)
    {
        var stale = new List<Stale>();
        var asked = new HashSet<(string Name, ulong Device, ulong Inode)>();
        foreach (var process in processes)
        {
            foreach (var link in HeldFiles.LinksOf(process))
            {
                if (cancellationToken.IsCancellationRequested)
                    return stale;
                if (KernelFile.TryReadLink(link) is not ['/', ..] name || name.EndsWith(HeldFiles.Removed, StringComparison.Ordinal))
                    continue;
                // Many processes hold the same files, and each maps them in several pieces.
                if (FileStatus.TryOf(link, followLinks: true, asKnown: true) is not { } file || !asked.Add((name, file.Device, file.Inode)))
                    continue;
                if (NameAtHome(link) is { } present && present != name)
                    stale.Add(new Stale($"/proc/{processes[0]}/root", link, name, present));
            }
        }

        return stale;
    }

    /// <summary>Empty when it has none; null for what is not in a view.</summary>
    private static string? NameAtHome(string link)
    {
        Span<byte> buffer = stackalloc byte[PathLimit];
        var path = Encoding.UTF8.GetBytes(link + '\0');
        var length = XattrCalls.Get(path[0], MemoryMarshal.GetReference(PresentName.Attribute), ref MemoryMarshal.GetReference(buffer), PathLimit);
        return length < 0 ? null : Encoding.UTF8.GetString(buffer[..(int)length]);
    }

    /// <summary>A file that is held under a name which it has not at home.</summary>
    private sealed record Stale(string Root, string Link, string Name, string Present)
    {
        public bool IsKnownNow()
        {
            var isFolder = Present.Length > 0 && FileStatus.TryOf(Root + Present, followLinks: false) is { IsDirectory: true };
            _ = FileStatus.TryOf(Root + Name, followLinks: false);
            var now = KernelFile.TryReadLink(Link);
            return now is null || now == Present || (!isFolder && now.EndsWith(HeldFiles.Removed, StringComparison.Ordinal));
        }
    }
}
