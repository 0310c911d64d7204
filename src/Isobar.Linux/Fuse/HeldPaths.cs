using Isobar.Linux.Files;
using Isobar.Linux.Fuse.Guest;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse;

/// <summary>The paths by which processes hold files and folders: programs, what is mapped or open, working folders. Each once.</summary>
/// <remarks>
/// CRIU looks for every one of them while the job stands still, one after the other, folder by folder, at the dump as at the restore. In a view each look is a question to the home, and where
/// machines are busy an answer takes a turn of the processor at either end: for a job of one process and three libraries fifty turns at each end. So they are looked for before it begins, two at a time; the
/// kernel knows them for a second then (<see cref="FileViewServerOptions.CacheTime"/>), and on slow machines they are looked for again.
/// </remarks>
public sealed record HeldPaths(IReadOnlyList<string> Paths)
{
    private const int AtOnce = 2;
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(50);

    /// <summary>Characters: a job with more is held up by other things, and a message between supervisors holds no more than six times that.</summary>
    private const int Most = 10_000;

    /// <summary>As they are now, by what the kernel knows; home is not asked.</summary>
    /// <param name="processes">Processes of one job.</param>
    public static HeldPaths Of(IReadOnlyList<int> processes)
    {
        ArgumentNullException.ThrowIfNull(processes);
        var paths = new HashSet<string>();
        var length = 0;
        foreach (var link in processes.SelectMany(HeldFiles.LinksOf))
        {
            if (KernelFile.TryReadLink(link) is ['/', ..] path && !path.EndsWith(HeldFiles.Removed, StringComparison.Ordinal) && length + path.Length <= Most && paths.Add(path))
                length += path.Length;
        }

        return new HeldPaths([.. paths]);
    }

    /// <summary>Has the kernel know all of them in a view that this process serves. What is not there, or may not be seen, is passed over.</summary>
    /// <param name="root">Where the view is mounted.</param>
    /// <param name="forDump">Also how much room there is where they are, which a dump asks for each.</param>
    /// <param name="until">As soon as the kernel has forgotten one it is looked for again, until this is cancelled.</param>
    /// <returns>Done when all were looked for once.</returns>
    public Task KeepKnownAsync(string root, bool forDump, CancellationToken until)
    {
        // The longest first, so that those who come later find most folders known. The root's own attributes belong to every path.
        var paths = Paths.Append("/").OrderByDescending(path => path.Length).ToList();
        return Task.WhenAll(Enumerable.Range(0, Math.Min(AtOnce, paths.Count)).Select(share =>
        {
            var known = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var looking = ClientThread.RunAsync(() =>
            {
                do
                {
                    for (var next = share; next < paths.Count && !until.IsCancellationRequested; next += AtOnce)
                        LookUp(root + paths[next], forDump);
                    Posts.Add(() => known.TrySetResult());
                    // What the kernel still knows costs no question.
                    Thread.Sleep(LookAgainAfter);
                }
                while (!until.IsCancellationRequested);
            });
            return Task.WhenAny(known.Task, looking);
        }));
    }

    private static void LookUp(string path, bool forDump)
    {
        if (FileStatus.TryOf(path, followLinks: false) is null || !forDump)
            return;
        try
        {
            using var found = FileDescriptor.Open(path, OpenFlags.Path | OpenFlags.NoFollow);
            _ = FileCalls.StatFs(found, out _);
        }
        catch (IOException)
        {
            // CRIU says what is wrong with it.
        }
    }
}
