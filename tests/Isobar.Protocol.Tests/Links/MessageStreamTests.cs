using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;

namespace Isobar.Protocol.Tests.Links;

/// <summary>Nodes of two versions: what the older one does not know is nothing to it.</summary>
public sealed class MessageStreamTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly ResumableLink _sender;
    private readonly MessageStream<DeputyMessage> _orders;

    public MessageStreamTests()
    {
        var (one, other) = CutStream.Pair(long.MaxValue);
        _sender = new ResumableLink(JobChannels.Count, TimeProvider.System);
        var receiver = new ResumableLink(JobChannels.Count, TimeProvider.System);
        _ = _sender.RunAsync(one, Cancellation);
        _ = receiver.RunAsync(other, Cancellation);
        _orders = new MessageStream<DeputyMessage>(receiver[JobChannels.Control], JobJson.Default.DeputyMessage);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _orders.Dispose();
        _sender.CloseNow();
    }

    [Fact]
    public async Task A_message_of_an_unknown_kind_is_passed_over()
    {
        await SendAsync("""{"is":"ofANewerVersion","what":{"is":"hangUp"}}""");
        await SendAsync("""{"is":"hangUp","of":"a newer version, too"}""");
        Assert.IsType<HangUp>(await NextAsync());
    }

    [Theory]
    [InlineData("""{"is":"signal","signal":"nine"}""")]
    [InlineData("{")]
    public async Task A_damaged_message_is_told_and_the_next_one_is_whole(string text)
    {
        await SendAsync(text);
        await SendAsync("""{"is":"hangUp"}""");
        await Assert.ThrowsAsync<JsonException>(NextAsync);
        Assert.IsType<HangUp>(await NextAsync());
    }

    /// <summary>The user has gone while somebody is about to tell him something.</summary>
    [Fact]
    public async Task One_that_was_given_up_is_a_closed_link_to_whoever_still_sends()
    {
        _orders.Dispose();
        await Assert.ThrowsAsync<LinkClosedException>(async () => await _orders.SendAsync(new HangUp(), Cancellation));
    }

    private Task<DeputyMessage?> NextAsync() => _orders.ReceiveAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation);

    private async Task SendAsync(string text)
    {
        var message = new byte[4 + text.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, text.Length);
        Encoding.ASCII.GetBytes(text, message.AsSpan(4));
        await _sender[JobChannels.Control].WriteAsync(message, Cancellation);
    }
}
