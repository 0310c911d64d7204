using Isobar.Protocol.Jobs;
using Isobar.Supervisor.Deputies;

namespace Isobar.Supervisor.Tests.Deputies;

public sealed class JournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-journal-").FullName;

    public void Dispose() => Isobar.Linux.Files.FolderRemoval.Remove(_folder);

    [Fact]
    public async Task What_was_added_is_read_in_order_and_a_line_cut_by_a_crash_is_left_out()
    {
        var at = DateTimeOffset.UnixEpoch;
        await using (var journal = new Journal(_folder))
        {
            journal.Add(new JobCreated(at, "alpha-1", "n", 1000, "xz big", Detached: true, Stay: false), durable: false);
            journal.Add(new JobPlaced(at, 2, "beta"), durable: true);
        }

        await File.AppendAllTextAsync(JournalFile.In(_folder), "{\"is\":\"placed\",\"incarna", TestContext.Current.CancellationToken);
        var entries = JournalFile.Read(_folder);
        Assert.Equal([new JobCreated(at, "alpha-1", "n", 1000, "xz big", true, false), new JobPlaced(at, 2, "beta")], entries);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(JournalFile.In(_folder)));
    }
}
