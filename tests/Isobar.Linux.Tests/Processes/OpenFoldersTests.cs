using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Tests.Processes;

/// <summary>Which folders a process holds open, and whether it moves about in them. The process is this one, so no other test may run meanwhile.</summary>
[Collection(nameof(OpenFoldersTests))]
[CollectionDefinition(nameof(OpenFoldersTests), DisableParallelization = true)]
public sealed class OpenFoldersTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_folder_that_is_opened_or_closed_is_noticed()
    {
        var before = Now();
        OpenFolders during;
        using (FileDescriptor.Open(_folder.FullName, LibC.OpenDirectory))
        {
            during = Now();
            Assert.Equal(during, Now());
        }

        Assert.False(during.IsEmpty);
        Assert.NotEqual(before, during);
        Assert.True(before.AllIn(during));
        Assert.False(during.AllIn(before));
        Assert.Equal(before, Now());
    }

    [Fact]
    public void Reading_on_in_a_folder_is_noticed()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "file"), "");
        using var reading = Directory.EnumerateFiles(_folder.FullName).GetEnumerator();
        using var open = FileDescriptor.Open(_folder.FullName, LibC.OpenDirectory);
        var before = Now();
        Assert.True(reading.MoveNext());
        Assert.NotEqual(before, Now());
    }

    [Fact]
    public void Files_are_no_folders()
    {
        var before = Now();
        using var file = File.Create(Path.Combine(_folder.FullName, "file"));
        Assert.Equal(before, Now());
    }

    private static OpenFolders Now() => OpenFolders.Of([Environment.ProcessId]);
}
