namespace Isobar.Supervisor.Control;

/// <summary>What is for whoever looks after the machine: the daemon keeps standard error of its supervisors in its journal.</summary>
internal static class DaemonJournal
{
    /// <summary>Never fails: it is called where something has failed already, and the runtime opens standard error when it is used first, which takes a descriptor.</summary>
    public static void Write(string sentence)
    {
        try
        {
            Console.Error.WriteLine($"isobar-supervisor: {sentence}");
        }
        catch (IOException)
        {
            // No descriptor is left, or nobody reads.
        }
    }
}
