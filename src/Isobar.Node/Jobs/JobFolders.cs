using System.Globalization;
using Isobar.Node.Hosting;

namespace Isobar.Node.Jobs;

/// <summary>Where jobs are kept: records under the state directory, sockets and mount points under the run directory.</summary>
public sealed class JobFolders(DaemonOptions options)
{
    public const string SocketName = "supervisor.sock";
    public const string ConfigName = "config.json";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    // Users pass through to the socket of their own job, and can list nothing.
    private const UnixFileMode Passage = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly Lock _gate = new();

    public string Records => Path.Combine(options.StateDirectory, "jobs");

    public string HomeRuns => Path.Combine(options.RunDirectory, "jobs");

    public string GuestRuns => Path.Combine(options.RunDirectory, "guests");

    /// <summary>On a disk: where supervisors keep pages of jobs that are in other machines' memory, too.</summary>
    public string Pages => Path.Combine(options.StateDirectory, "pages");

    public string RecordOf(string job) => Path.Combine(Records, job);

    public string HomeRunOf(string job) => Path.Combine(HomeRuns, job);

    public string GuestRunOf(string job, int incarnation) => Path.Combine(GuestRuns, $"{job}.{incarnation}");

    public void Prepare()
    {
        Directory.CreateDirectory(Records, OwnerOnly);
        Directory.CreateDirectory(Pages, OwnerOnly);
        Directory.CreateDirectory(HomeRuns, Passage);
        Directory.CreateDirectory(GuestRuns, OwnerOnly);
    }

    public static void MakeRun(string folder) => Directory.CreateDirectory(folder, Passage);

    /// <summary>The next number of a job whose home is here; never given twice, also not after a restart.</summary>
    public int NextNumber()
    {
        lock (_gate)
        {
            var file = Path.Combine(Records, "last");
            var last = File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
            File.WriteAllText(file, (last + 1).ToString(CultureInfo.InvariantCulture));
            return last + 1;
        }
    }
}
