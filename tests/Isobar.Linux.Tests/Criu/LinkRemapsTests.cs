using Isobar.Linux.Criu;
using Isobar.Linux.Files;

namespace Isobar.Linux.Tests.Criu;

public sealed class LinkRemapsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-links-").FullName;

    public void Dispose() => FolderRemoval.Remove(_folder);

    [Fact]
    public async Task A_file_that_lost_its_name_and_has_another_one_is_expected_to_be_linked()
    {
        using var whole = Open("whole");
        using var nameless = Open("nameless");
        File.Delete(At("nameless"));
        using var kept = Open("kept");
        FileStatus.Link(At("kept"), At("other"));
        File.Delete(At("kept"));
        var expected = (await LinkRemaps.ExpectedAsync([Environment.ProcessId], TestContext.Current.CancellationToken)).Where(file => file.Folder == _folder);
        Assert.Equal(new NamelessFile(_folder, FileStatus.Of(At("other")).Inode), Assert.Single(expected));
    }

    [Fact]
    public void What_a_dump_left_is_taken_away_and_nothing_else()
    {
        Directory.CreateDirectory(At("record"));
        using var data = Open("data");
        using var mine = Open("mine");
        FileStatus.Link(At("data"), At("link_remap.1"));
        FileStatus.Link(At("data"), At("link_remap.17"));
        FileStatus.Link(At("data"), At("link_remap.x"));
        FileStatus.Link(At("mine"), At("link_remap.2"));
        // As a guest sees it, on another device than the root's; of two moves; in a folder that is gone by now.
        var inode = FileStatus.Of(At("data")).Inode;
        LinkRemaps.Note(At("record"), [new NamelessFile("/nowhere/at\nall", 5)]);
        LinkRemaps.Note(At("record"), [new NamelessFile(At("gone/gone"), inode ^ (0x1234UL << 48))]);
        Assert.Equal([At("link_remap.1"), At("link_remap.17")], LinkRemaps.Settle(At("record")).Order(StringComparer.Ordinal));
        Assert.Equal(["data", "link_remap.2", "link_remap.x", "mine", "record"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        // Settled once: a later name of that file is somebody else's.
        FileStatus.Link(At("data"), At("link_remap.1"));
        Assert.Empty(LinkRemaps.Settle(At("record")));
        Assert.True(File.Exists(At("link_remap.1")));
    }

    private string At(string name) => Path.Combine(_folder, name);

    private FileStream Open(string name) => new(At(name), FileMode.Create);
}
