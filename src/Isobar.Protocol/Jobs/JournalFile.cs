using System.Text.Json;

namespace Isobar.Protocol.Jobs;

/// <summary>Reading a job's journal.</summary>
public static class JournalFile
{
    public static string In(string recordDirectory) => Path.Combine(recordDirectory, "journal.jsonl");

    public static string LogIn(string recordDirectory) => Path.Combine(recordDirectory, "output.log");

    /// <summary>All whole lines; a last line that a crash cut off is left out.</summary>
    public static IReadOnlyList<JournalEntry> Read(string recordDirectory)
    {
        var entries = new List<JournalEntry>();
        var path = In(recordDirectory);
        if (!File.Exists(path))
            return entries;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line)
        {
            try
            {
                if (JsonSerializer.Deserialize(line, JobJson.Default.JournalEntry) is { } entry)
                    entries.Add(entry);
            }
            catch (JsonException)
            {
                break;
            }
        }

        return entries;
    }
}
