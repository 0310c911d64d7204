using Isobar.Node.Life;

namespace Isobar.Node.Tests.Life;

public sealed class LivesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>With the same number twice, others would take the news of the new life for old.</summary>
    [Fact]
    public void Each_life_has_the_next_number_and_one_that_cannot_be_read_begins_anew()
    {
        Assert.Equal([1u, 2u, 3u], Enumerable.Range(0, 3).Select(_ => Lives.Next(_folder)));
        File.WriteAllText(Path.Combine(_folder, "lives"), "many");
        Assert.Equal(1u, Lives.Next(_folder));
    }
}
