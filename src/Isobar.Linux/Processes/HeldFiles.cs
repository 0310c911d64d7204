namespace Isobar.Linux.Processes;

/// <summary>The links of /proc that lead to what a process holds: its working folder, its program, what it has open and what it has mapped.</summary>
internal static class HeldFiles
{
    /// <summary>What the kernel adds to the name of a file that has lost it.</summary>
    public const string Removed = " (deleted)";

    /// <summary>None for a process that has ended.</summary>
    public static IEnumerable<string> LinksOf(int process)
    {
        yield return $"/proc/{process}/cwd";
        yield return $"/proc/{process}/exe";
        foreach (var folder in (string[])[$"/proc/{process}/fd", $"/proc/{process}/map_files"])
        {
            foreach (var link in Entries(folder))
                yield return link;
        }
    }

    private static string[] Entries(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
