namespace Isobar.Supervisor.Control;

/// <summary>What is for whoever looks after the machine: the daemon keeps standard error of its supervisors in its journal.</summary>
internal static class DaemonJournal
{
    /// <summary>Never fails: it is called where something has failed already, and the runtime opens standard error when it is used first, which takes a descriptor.</summary>
    public static async Task WriteAsync(string sentence)
    {
        try
        {
            await Console.Error.WriteLineAsync($"isobar-supervisor: {sentence}").ConfigureAwait(false);
        }
        catch (IOException)
        {
            // No descriptor is left, or nobody reads.
        }
    }
}
