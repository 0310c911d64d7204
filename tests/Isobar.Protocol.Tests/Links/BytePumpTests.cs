using Isobar.Protocol.Links;

namespace Isobar.Protocol.Tests.Links;

public sealed class BytePumpTests
{
    [Fact]
    public async Task Paused_at_any_moment_it_loses_and_doubles_nothing()
    {
        var source = new byte[300_000];
        Random.Shared.NextBytes(source);
        var at = 0;
        var target = new MemoryStream();
        var random = new Random(7);
        var pump = new BytePump(
            async (buffer, cancellation) =>
            {
                await Task.Delay(random.Next(2), cancellation);
                var length = Math.Min(random.Next(1, 9000), Math.Min(buffer.Length, source.Length - at));
                source.AsSpan(at, length).CopyTo(buffer.Span);
                at += length;
                return length;
            },
            async (bytes, cancellation) =>
            {
                await Task.Delay(random.Next(2), cancellation);
                var length = Math.Min(bytes.Length, random.Next(1, 5000));
                target.Write(bytes.Span[..length]);
                return length;
            });
        while (!pump.Ended)
        {
            pump.Start();
            await Task.WhenAny(pump.Completion, Task.Delay(random.Next(1, 20), TestContext.Current.CancellationToken));
            await pump.PauseAsync();
            Assert.Equal(at, target.Length + pump.Pending.Length);
        }

        Assert.Equal(source, target.ToArray());
    }

    [Fact]
    public async Task When_nobody_reads_any_more_the_rest_is_swallowed()
    {
        var left = 10;
        var pump = new BytePump((buffer, _) => new(left-- > 0 ? 100 : 0), (_, _) => new(-1));
        pump.Start();
        await pump.Completion;
        Assert.True(pump.Ended);
        Assert.Equal(0, pump.Pending.Length);
    }
}
