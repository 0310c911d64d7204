using System.Buffers.Binary;
using System.Net.Security;

namespace Isobar.Node.Tests.Listening;

/// <summary>What the platform's TLS client sends first.</summary>
internal static class RealHello
{
    public static byte[] Of(string serverName)
    {
        var wire = new OneWay();
        using var client = new SslStream(wire);
        // The server never answers: the attempt ends at the end of the stream, after the hello was written.
        Assert.ThrowsAny<Exception>(() => client.AuthenticateAsClient(new SslClientAuthenticationOptions { TargetHost = serverName }));
        return wire.Written.ToArray();
    }

    /// <summary>The same message in records of at most <paramref name="size"/> bytes.</summary>
    public static byte[] Recut(byte[] hello, int size)
    {
        var message = hello.AsSpan(5);
        var records = new List<byte>();
        while (!message.IsEmpty)
        {
            var part = message[..Math.Min(size, message.Length)];
            var header = new byte[] { 22, 3, 1, 0, 0 };
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(3), (ushort)part.Length);
            records.AddRange(header);
            records.AddRange(part);
            message = message[part.Length..];
        }
        return [.. records];
    }

    private sealed class OneWay : Stream
    {
        public MemoryStream Written { get; } = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Written.Write(buffer, offset, count);
    }
}
