using CsCheck;
using Isobar.Protocol.RemoteMemory;

namespace Isobar.Protocol.Tests.RemoteMemory;

public sealed class PageFrameTests
{
    [Fact]
    public void Every_head_is_read_as_it_was_written() => Gen.Select(Gen.Int[1, 5], Gen.Bool, Gen.Int[1, PageFrame.MostPages], Gen.UInt).Sample((kind, yes, count, slot) =>
    {
        var frame = new PageFrame((PageFrameKind)kind, yes, count, slot);
        var head = new byte[PageFrame.HeadLength];
        frame.Write(head);
        return PageFrame.Read(new MemoryStream(head)) == frame;
    });

    [Fact]
    public void Many_pages_are_dropped_at_once() => Gen.Select(Gen.Int[1, ushort.MaxValue], Gen.UInt).Sample((count, slot) =>
    {
        var frame = new PageFrame(PageFrameKind.Drop, false, count, slot);
        var head = new byte[PageFrame.HeadLength];
        frame.Write(head);
        return PageFrame.Read(new MemoryStream(head)) == frame;
    });

    [Theory]
    [InlineData(0, 1)]
    [InlineData(6, 1)]
    [InlineData(1, 65)]
    [InlineData(2, 0)]
    public void What_is_no_message_is_refused(byte kind, ushort count)
    {
        var head = new byte[PageFrame.HeadLength];
        new PageFrame((PageFrameKind)kind, false, count, 0).Write(head);
        Assert.Throws<InvalidDataException>(() => PageFrame.Read(new MemoryStream(head)));
    }

    [Fact]
    public void A_cut_connection_is_no_message() => Assert.Throws<EndOfStreamException>(() => PageFrame.Read(new MemoryStream(new byte[3])));
}
