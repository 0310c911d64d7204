using CsCheck;
using Isobar.Node.Listening;

namespace Isobar.Node.Tests.Listening;

public sealed class ClientHelloTests
{
    [Fact]
    public void The_name_is_read_from_a_real_hello()
    {
        var hello = RealHello.Of("control.alpha-3.job.isobar");
        Assert.Equal(ClientHelloOutcome.Complete, ClientHello.TryReadServerName(hello, out var name));
        Assert.Equal("control.alpha-3.job.isobar", name);
    }

    [Fact]
    public void Every_beginning_of_a_hello_is_incomplete_and_none_malformed()
    {
        var hello = RealHello.Of("alpha.node.isobar");
        for (var length = 0; length < hello.Length; length++)
            Assert.Equal(ClientHelloOutcome.Incomplete, ClientHello.TryReadServerName(hello.AsSpan(0, length), out _));
    }

    [Fact]
    public void A_hello_without_a_name_is_complete()
    {
        Assert.Equal(ClientHelloOutcome.Complete, ClientHello.TryReadServerName(RealHello.Of("127.0.0.1"), out var name));
        Assert.Null(name);
    }

    [Fact]
    public void A_hello_cut_into_several_records_is_put_together()
    {
        var hello = RealHello.Of("files.alpha-3.job.isobar");
        Gen.Int[1, 200].Sample(size =>
        {
            Assert.Equal(ClientHelloOutcome.Complete, ClientHello.TryReadServerName(RealHello.Recut(hello, size), out var name));
            Assert.Equal("files.alpha-3.job.isobar", name);
        });
    }

    [Fact]
    public void Bytes_of_strangers_never_throw() =>
        Gen.Byte.Array[0, 600].Sample(bytes => { ClientHello.TryReadServerName(bytes, out _); }, iter: 20_000);

    [Fact]
    public void A_damaged_hello_never_throws_and_yields_only_printable_names()
    {
        var hello = RealHello.Of("alpha.node.isobar");
        Gen.Select(Gen.Int[0, hello.Length - 1], Gen.Byte, Gen.Int[0, hello.Length]).Array[1, 8].Sample(changes =>
        {
            var damaged = hello.ToArray();
            foreach (var (at, value, _) in changes)
                damaged[at] = value;
            var outcome = ClientHello.TryReadServerName(damaged.AsSpan(0, changes[0].Item3), out var name);
            Assert.True(name is null || (outcome == ClientHelloOutcome.Complete && name.All(c => c is > ' ' and <= '~')));
        }, iter: 20_000);
    }

    [Fact]
    public void Plain_http_is_malformed() =>
        Assert.Equal(ClientHelloOutcome.Malformed, ClientHello.TryReadServerName("GET / HTTP/1.1\r\n"u8, out _));
}
