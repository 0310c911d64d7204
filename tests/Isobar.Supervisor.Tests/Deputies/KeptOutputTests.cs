using System.Text;
using Isobar.Linux.Files;
using Isobar.Linux.Mounts;
using Isobar.Supervisor.Deputies;

namespace Isobar.Supervisor.Tests.Deputies;

/// <summary>The output of a detached job, on a disk that may be full.</summary>
public sealed class KeptOutputTests : IDisposable
{
    private const int DiskBytes = 64 * 1024;

    private readonly string _disk = Directory.CreateTempSubdirectory("isobar-kept-").FullName;

    public KeptOutputTests() => Mounting.MemoryFileSystem(_disk, $"size={DiskBytes}");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Output_waits_for_room_on_a_full_disk_and_nothing_of_it_is_lost_or_doubled()
    {
        var (log, filler) = (Path.Combine(_disk, "output.log"), Path.Combine(_disk, "filler"));
        await File.WriteAllBytesAsync(filler, new byte[DiskBytes / 2], Cancellation);
        using var kept = new KeptOutput(log);
        await kept.WriteAsync("first\n"u8.ToArray(), Cancellation);
        var much = Encoding.ASCII.GetBytes(new string('x', DiskBytes / 2) + "\n");
        var written = kept.WriteAsync(much, Cancellation).AsTask();
        var behind = kept.WriteAsync("last\n"u8.ToArray(), Cancellation).AsTask();
        await Task.Delay(TimeSpan.FromSeconds(1.5), Cancellation);
        Assert.False(written.IsCompleted || behind.IsCompleted);
        File.Delete(filler);
        Assert.Equal(much.Length, await written);
        await behind;
        Assert.Equal($"first\n{Encoding.ASCII.GetString(much)}last\n", await File.ReadAllTextAsync(log, Cancellation));
    }

    [Fact]
    public async Task What_was_kept_before_stays()
    {
        var log = Path.Combine(_disk, "output.log");
        foreach (var line in (string[])["before\n", "after\n"])
        {
            using var kept = new KeptOutput(log);
            await kept.WriteAsync(Encoding.ASCII.GetBytes(line), Cancellation);
        }

        Assert.Equal("before\nafter\n", await File.ReadAllTextAsync(log, Cancellation));
    }

    public void Dispose()
    {
        Mounting.Detach(_disk);
        FolderRemoval.Remove(_disk);
    }
}
