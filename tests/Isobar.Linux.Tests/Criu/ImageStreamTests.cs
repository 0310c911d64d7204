using CsCheck;
using Isobar.Linux.Criu;
using Isobar.Linux.Criu.Images;

namespace Isobar.Linux.Tests.Criu;

public sealed class ImageStreamTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("isobar-images").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Interleaved_images_of_all_sizes_arrive_as_they_were()
    {
        var counter = 0;
        Gen.Select(Gen.Int[1, 6], Gen.Select(Gen.Int[0, 5], Gen.OneOf(Gen.Int[1, 100], Gen.Int[10_000, 70_000], Gen.Const(ImageChunk.MaxData))).Array[0, 12]).Sample(
            (images, steps) =>
            {
                var path = Path.Combine(_directory, $"{Interlocked.Increment(ref counter)}");
                Directory.CreateDirectory(path);
                var expected = Enumerable.Range(0, images).Select(_ => new MemoryStream()).ToList();
                var wire = new MemoryStream();
                SendAsync(wire, images, steps, expected).GetAwaiter().GetResult();
                wire.WriteByte(77);
                wire.Position = 0;
                using var target = new ImageDirectory(path);
                new ImageStreamReader(wire, target).ReceiveAsync(Token).GetAwaiter().GetResult();

                // Not a byte beyond the end marker was taken.
                Assert.Equal(77, wire.ReadByte());
                for (var i = 0; i < images; i++)
                    Assert.Equal(expected[i].ToArray(), File.ReadAllBytes(Path.Combine(path, $"image-{i}.img")));
                Directory.Delete(path, recursive: true);
            }, iter: 40, threads: 1);
    }

    [Fact]
    public async Task A_stream_cut_anywhere_is_noticed()
    {
        var wire = new MemoryStream();
        await SendAsync(wire, 3, [(0, 50), (1, 20_000), (2, 3)], [new(), new(), new()]);
        var whole = wire.ToArray();
        Gen.Int[0, whole.Length - 1].Sample(
            length =>
            {
                foreach (var file in Directory.GetFiles(_directory))
                    File.Delete(file);
                using var target = new ImageDirectory(_directory);
                Assert.Throws<CriuException>(() => new ImageStreamReader(new MemoryStream(whole, 0, length), target).ReceiveAsync(Token).GetAwaiter().GetResult());
            }, iter: 100, threads: 1);
    }

    [Fact]
    public void Any_bytes_are_refused_by_our_own_exception_and_write_nothing_outside()
        => Gen.Byte.Array[0, 200].Sample(
            bytes =>
            {
                using var target = new ImageDirectory(_directory);
                Assert.Throws<CriuException>(() => new ImageStreamReader(new MemoryStream(bytes), target).ReceiveAsync(Token).GetAwaiter().GetResult());
            }, iter: 500, threads: 1);

    [Theory]
    [InlineData("core-1.img", true)]
    [InlineData("tmpfs-dev-74.tar.gz.img", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("../x", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("a/b", false)]
    [InlineData("a\0b", false)]
    [InlineData("ä.img", false)]
    public void Only_names_that_CRIU_would_write_are_taken(string name, bool valid)
    {
        Assert.Equal(valid, ImageNames.IsValid(name));
        using var target = new ImageDirectory(_directory);
        if (valid)
            target.Begin(0, name);
        else
            Assert.Throws<CriuException>(() => target.Begin(0, name));
    }

    [Fact]
    public void An_image_cannot_be_sent_twice_over_another()
    {
        using var target = new ImageDirectory(_directory);
        target.Begin(0, "a.img");
        Assert.Throws<CriuException>(() => target.Begin(1, "a.img"));
        Assert.Throws<CriuException>(() => target.Begin(0, "b.img"));
        Assert.Throws<CriuException>(() => target.Write(5, [1]));
    }

    [Fact]
    public async Task The_limit_is_kept()
    {
        var wire = new MemoryStream();
        await SendAsync(wire, 1, [(0, 100_000)], [new()]);
        wire.Position = 0;
        using var target = new ImageDirectory(_directory);
        var error = await Assert.ThrowsAsync<CriuException>(() => new ImageStreamReader(wire, target) { Limit = 99_999 }.ReceiveAsync(Token));
        Assert.Contains("99999 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_file_system_is_named()
    {
        CriuTestJob.Run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", _directory);
        try
        {
            var wire = new MemoryStream();
            await SendAsync(wire, 1, [(0, 200_000)], [new()]);
            wire.Position = 0;
            using var target = new ImageDirectory(_directory);
            var error = await Assert.ThrowsAsync<CriuException>(() => new ImageStreamReader(wire, target).ReceiveAsync(Token));
            Assert.Contains("no room", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            CriuTestJob.Unmount(_directory);
        }
    }

    private static async Task SendAsync(Stream wire, int images, (int Image, int Length)[] steps, List<MemoryStream> expected)
    {
        var writer = new ImageStreamWriter(wire);
        var random = new Random(7);
        for (var i = 0; i < images; i++)
            await writer.WriteAsync(new ImageChunk(ImageEvent.Begin, i, $"image-{i}.img", [], 0, null), Token);
        foreach (var (image, length) in steps)
        {
            var buffer = new byte[ImageChunk.HeaderRoom + length];
            random.NextBytes(buffer);
            expected[image % images].Write(buffer, ImageChunk.HeaderRoom, length);
            await writer.WriteAsync(new ImageChunk(ImageEvent.Data, image % images, null, buffer, length, null), Token);
        }

        for (var i = 0; i < images; i++)
            await writer.WriteAsync(new ImageChunk(ImageEvent.End, i, null, [], 0, null), Token);
        await writer.CompleteAsync(Token);
        Assert.Equal(steps.Sum(s => (long)s.Length), writer.Bytes);
    }
}
