using System.Globalization;
using System.Text;
using Isobar.Linux.Files;
using Isobar.Linux.Fuse.Guest;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Criu;

/// <summary>An open file that has lost the name by which it was opened, and has another one left.</summary>
/// <param name="Folder">Where it had the name.</param>
/// <param name="Inode">Its number, as the process sees it.</param>
public sealed record NamelessFile(string Folder, ulong Inode);

/// <summary>
/// The names that a dump gives to open files which have lost theirs and have another one left: link_remap.N in the folder where it was (create_link_remap in
/// criu/files-reg.c). The restore takes them away, and so does a dump that fails; a dump that dies leaves them, and since they count from 1 each time, later ones in
/// that folder fail. So what a dump may link is noted when it begins, and what is left of it is taken away when the move has failed.
/// </summary>
public static class LinkRemaps
{
    private const string NoteName = "link-remaps";
    private const string Prefix = "link_remap.";

    // Guests see the numbers of files that are not on the root's device with a mark in the bits above.
    private const ulong NumberBits = (1UL << 48) - 1;

    /// <summary>The files of these processes for which a dump would make such names.</summary>
    public static async Task<IReadOnlyList<NamelessFile>> ExpectedAsync(IReadOnlyList<int> processes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(processes);
        // They may lie in a view of this process.
        IReadOnlyList<NamelessFile> files = [];
        await ClientThread.RunAsync(() => files = Expected(processes)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return files;
    }

    /// <summary>Notes what a dump may link from now on.</summary>
    /// <param name="record">The job's own folder on disk.</param>
    /// <param name="files">What it may link.</param>
    /// <exception cref="IOException">The note cannot be written.</exception>
    public static void Note(string record, IEnumerable<NamelessFile> files)
    {
        using var note = new FileStream(Path.Combine(record, NoteName), FileMode.Append, FileAccess.Write);
        note.Write(Encoding.UTF8.GetBytes(string.Concat(files.Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.Inode} {file.Folder}\0")))));
        note.Flush(flushToDisk: true);
    }

    /// <summary>
    /// The move that was noted has failed, or its job is lost: takes away what is left of its names. Only those that are names of the noted files in the noted folders, so
    /// nothing that anybody else has made.
    /// </summary>
    /// <returns>What was taken away.</returns>
    public static IReadOnlyList<string> Settle(string record)
    {
        var note = Path.Combine(record, NoteName);
        if (!File.Exists(note))
            return [];
        List<string> removed = [];
        try
        {
            foreach (var line in File.ReadAllText(note).Split('\0'))
            {
                var blank = line.IndexOf(' ', StringComparison.Ordinal);
                if (blank > 0 && ulong.TryParse(line.AsSpan(0, blank), NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
                    Remove(line[(blank + 1)..], inode, removed);
            }

            File.Delete(note);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that is away or read-only: the note stays, and the sentence of a move that fails names the file.
        }

        return removed;
    }

    /// <summary>The move that was noted has succeeded, and the restore has taken its names away: what is called so by now is another job's, which may hold the same file and be moved just now.</summary>
    public static void Forget(string record)
    {
        try
        {
            File.Delete(Path.Combine(record, NoteName));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that is away or read-only; the journal says so, too.
        }
    }

    private static IReadOnlyList<NamelessFile> Expected(IReadOnlyList<int> processes)
    {
        var found = new HashSet<NamelessFile>();
        foreach (var link in processes.SelectMany(HeldFiles.LinksOf))
        {
            if (KernelFile.TryReadLink(link) is ['/', ..] name && name.EndsWith(HeldFiles.Removed, StringComparison.Ordinal)
                && FileStatus.TryOf(link, followLinks: true) is { IsDirectory: false, Links: > 0 } file)
                found.Add(new NamelessFile(Path.GetDirectoryName(name)!, file.Inode));
        }

        return [.. found];
    }

    private static void Remove(string? folder, ulong inode, List<string> removed)
    {
        // CRIU takes the next folder above when that one is gone.
        while (folder is not null && !Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder);
        foreach (var path in Directory.EnumerateFiles(folder ?? "/", $"{Prefix}*"))
        {
            var isNumber = int.TryParse(Path.GetFileName(path).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _);
            if (!isNumber || FileStatus.TryOf(path, followLinks: false) is not { } file || ((file.Inode ^ inode) & NumberBits) != 0)
                continue;
            File.Delete(path);
            removed.Add(path);
        }
    }
}
