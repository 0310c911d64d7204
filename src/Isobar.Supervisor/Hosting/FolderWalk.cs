using Isobar.Linux.Criu;
using Isobar.Linux.Processes;

namespace Isobar.Supervisor.Hosting;

/// <summary>A job that walks through a tree of folders is not moved in the middle of its walk (<see cref="OpenFolders"/>).</summary>
internal static class FolderWalk
{
    // A walk through a folder with thousands of files shows no change for tenths of a second.
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private const int CalmLooks = 11;

    /// <summary>The folders that the job merely holds open: nothing in them has changed for a second. At once when it has none.</summary>
    /// <exception cref="CriuException">It went on walking.</exception>
    public static async Task<OpenFolders> EndedAsync(JobProcess job, CancellationToken cancellationToken)
    {
        var last = Look(job);
        var calm = 1;
        for (var left = EndsWithin; calm < CalmLooks && !last.IsEmpty; left -= LookEvery)
        {
            if (left <= TimeSpan.Zero)
                throw Walks();
            await Task.Delay(LookEvery, cancellationToken).ConfigureAwait(false);
            var now = Look(job);
            calm = now.Equals(last) ? calm + 1 : 1;
            last = now;
        }

        return last;
    }

    /// <summary>With the job frozen: it has not begun a walk since.</summary>
    /// <exception cref="CriuException">It has.</exception>
    public static void MustNotHaveBegun(JobProcess job, OpenFolders standing)
    {
        if (!Look(job).AllIn(standing))
            throw Walks(mayPass: true);
    }

    // By descent: helpers of CRIU are in the job's namespaces for a while, too, and have folders of their own open.
    private static OpenFolders Look(JobProcess job) => OpenFolders.Of(ProcessTree.Descend(job.Init.Pid));

    private static CriuException Walks(bool mayPass = false) =>
        new("The job is walking through a tree of folders (as find, du and rm -r do), which a move would break off; move it again when it has done that.") { MayPass = mayPass };
}
