using System.Text;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Launching;

/// <summary>
/// The mounts of a job, in one place: the launcher makes them, CRIU is told of them at a dump, and makes them again at a restore. Everything but the root,
/// /proc and the terminals is "external": a place of the machine where the job runs now, known to the images by a key.
/// </summary>
internal static class JobMounts
{
    /// <summary>The job's own memory file system, which goes with it.</summary>
    public const string SharedMemory = "/dev/shm";

    /// <summary>The keys and mount points inside the job, as CRIU's dump option <c>--external mnt[POINT]:KEY</c>.</summary>
    public static IEnumerable<string> ForDump(JobPlace place)
    {
        yield return "mnt[/sys]:sys";
        yield return "mnt[/dev]:dev";
        yield return $"mnt[{SharedMemory}]:shm";
        for (var i = 0; i < place.Mounts.Count; i++)
            yield return $"mnt[{place.Mounts[i]}]:home{i}";
    }

    /// <summary>Where each key is found on this machine, as CRIU's restore option <c>--external mnt[KEY]:PLACE</c>.</summary>
    public static IEnumerable<string> ForRestore(JobPlace place, string root, string sharedMemory, bool atHome)
    {
        yield return "mnt[sys]:/sys";
        yield return "mnt[dev]:/dev";
        yield return $"mnt[shm]:{sharedMemory}";
        for (var i = 0; i < place.Mounts.Count; i++)
            yield return $"mnt[home{i}]:{SourceOf(place.Mounts[i], root, atHome)}";
    }

    /// <summary>Has the job's first process make its mounts below <paramref name="root"/>.</summary>
    public static void Make(LaunchScript script, JobPlace place, string root, string sharedMemory, bool atHome)
    {
        foreach (var point in place.Mounts)
            Bind(SourceOf(point, root, atHome), root + point);
        Mount(LaunchStep.Proc, "proc", root + "/proc");
        Bind("/sys", root + "/sys");
        Bind("/dev", root + "/dev");
        Mount(LaunchStep.Terminals, "devpts", root + "/dev/pts");
        Bind(sharedMemory, root + SharedMemory);

        void Bind(string source, string target) => script.Add(LaunchStep.Bind, $"bind {source} on", target, [], Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(target));
        void Mount(LaunchStep step, string type, string target) => script.Add(step, $"mount {type} on", target, [], Encoding.UTF8.GetBytes(target));
    }

    private static string SourceOf(string point, string root, bool atHome) => atHome ? point : root + point;
}
