namespace Isobar.Supervisor.Deputies;

/// <summary>
/// Moves that are tried again go one after the other at their home, since what hindered them may have been one another: CRIU gives removed files that have
/// another name left a temporary name that counts from 1 in each dump (create_link_remap in criu/files-reg.c), and of several dumps at once in one folder all
/// but one fail.
/// </summary>
internal sealed class SecondTries : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(25);
    private readonly FileStream _file;

    private SecondTries(FileStream file) => _file = file;

    /// <summary>Waits for the turn of this job; null when it does not come in time.</summary>
    /// <param name="folder">A folder that all supervisors of this home know.</param>
    /// <param name="atMost">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<SecondTries?> TurnAsync(string folder, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "second-tries");
        for (var left = atMost; left > TimeSpan.Zero; left -= LookEvery)
        {
            try
            {
                // flock(2), by the runtime, which lets go of it with the process.
                return new SecondTries(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
            }
            catch (IOException)
            {
                await Task.Delay(LookEvery, cancellationToken).ConfigureAwait(false);
            }
        }

        return null;
    }

    public void Dispose() => _file.Dispose();
}
