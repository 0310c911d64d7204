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
    /// <exception cref="IOException">It could not be written (a full disk); nothing of it is in the journal then.</exception>
    public void Add(JournalEntry entry, bool durable)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(entry, JobJson.Default.JournalEntry);
        Array.Resize(ref line, line.Length + 1);
        line[^1] = (byte)'\n';
        var before = _file.Length;
        try
        {
            _file.Write(line);
            if (durable)
                _file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            _file.SetLength(before);
            throw new IOException($"the journal of the job cannot be written at its home ({e.Message}): make room there.", e);
        }
    }

    /// <summary>Adds a line that only history needs: without room on the disk the job goes on without it.</summary>
    public void TryAdd(JournalEntry entry)
    {
        try
        {
            Add(entry, durable: false);
        }
        catch (IOException)
        {
            // What the job does must not depend on a record of it.
        }
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
