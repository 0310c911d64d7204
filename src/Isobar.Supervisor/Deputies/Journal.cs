using System.Text.Json;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Deputies;

/// <summary>
/// The home's record of one job: lines that are added and never changed. Its deputy is the only writer, so that a move commits without the daemon, which may
/// be restarting just then; the daemon only reads.
/// </summary>
internal sealed class Journal : IAsyncDisposable
{
    private readonly FileStream _file;

    public Journal(string recordDirectory)
    {
        Directory.CreateDirectory(recordDirectory);
        _file = new FileStream(JournalFile.In(recordDirectory), new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    /// <summary>Adds a line; when <paramref name="durable"/>, it survives a power cut from the moment that this returns.</summary>
    public void Add(JournalEntry entry, bool durable)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(entry, JobJson.Default.JournalEntry);
        Array.Resize(ref line, line.Length + 1);
        line[^1] = (byte)'\n';
        _file.Write(line);
        if (durable)
            _file.Flush(flushToDisk: true);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
