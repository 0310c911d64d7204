using System.Buffers.Binary;
using System.Text;

namespace Isobar.Node.Listening;

/// <summary>What the first bytes of a connection turned out to be.</summary>
public enum ClientHelloOutcome
{
    /// <summary>A beginning that may become a ClientHello: more bytes are needed.</summary>
    Incomplete,

    /// <summary>No TLS, or one that no client of ours would send.</summary>
    Malformed,

    /// <summary>A whole ClientHello; the server name may still be absent.</summary>
    Complete,
}

/// <summary>
/// Reads the server name (SNI, RFC 6066 section 3) out of a TLS ClientHello (RFC 8446 section 4.1.2) without touching anything else. It sees bytes of
/// strangers: every length is checked, nothing is allocated but the name.
/// </summary>
public static class ClientHello
{
    /// <summary>More than any client sends, key shares of post-quantum schemes included.</summary>
    public const int MaxLength = 16 * 1024;

    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const ushort ServerNameExtension = 0;
    private const byte HostNameType = 0;
    private const int RecordHeader = 5;
    private const int MessageHeader = 4;
    private const int RandomLength = 32;

    public static ClientHelloOutcome TryReadServerName(ReadOnlySpan<byte> received, out string? serverName)
    {
        serverName = null;
        // The message may be cut into several records; only then is it copied together.
        Span<byte> joined = received.Length <= 2048 ? stackalloc byte[received.Length] : new byte[received.Length];
        var outcome = Unwrap(received, joined, out var length);
        if (outcome == ClientHelloOutcome.Malformed)
            return outcome;
        var message = (ReadOnlySpan<byte>)joined[..length];
        if (message.Length < MessageHeader)
            return ClientHelloOutcome.Incomplete;
        if (message[0] != ClientHelloMessage)
            return ClientHelloOutcome.Malformed;
        var bodyLength = (message[1] << 16) | (message[2] << 8) | message[3];
        if (bodyLength > MaxLength)
            return ClientHelloOutcome.Malformed;
        if (message.Length < MessageHeader + bodyLength)
            return outcome == ClientHelloOutcome.Complete ? ClientHelloOutcome.Malformed : ClientHelloOutcome.Incomplete;
        return TryReadBody(message.Slice(MessageHeader, bodyLength), out serverName) ? ClientHelloOutcome.Complete : ClientHelloOutcome.Malformed;
    }

    /// <summary>Takes the payload out of the handshake records; stops at the message's end, at a record that is not whole, or at something else.</summary>
    private static ClientHelloOutcome Unwrap(ReadOnlySpan<byte> records, Span<byte> joined, out int length)
    {
        length = 0;
        while (true)
        {
            if (length >= MessageHeader && length >= MessageHeader + ((joined[1] << 16) | (joined[2] << 8) | joined[3]))
                return ClientHelloOutcome.Complete;
            if (!records.IsEmpty && records[0] != HandshakeRecord)
                return ClientHelloOutcome.Malformed;
            // SSL 3.0's number stands for the version in all of TLS (legacy_record_version 3.x).
            if (records.Length >= 2 && records[1] != 3)
                return ClientHelloOutcome.Malformed;
            if (records.Length < RecordHeader)
                return ClientHelloOutcome.Incomplete;
            var payload = BinaryPrimitives.ReadUInt16BigEndian(records[3..]);
            if (payload is 0 or > MaxLength)
                return ClientHelloOutcome.Malformed;
            var present = Math.Min(payload, records.Length - RecordHeader);
            records.Slice(RecordHeader, present).CopyTo(joined[length..]);
            length += present;
            if (present < payload)
                return ClientHelloOutcome.Incomplete;
            records = records[(RecordHeader + payload)..];
        }
    }

    private static bool TryReadBody(ReadOnlySpan<byte> body, out string? serverName)
    {
        serverName = null;
        // legacy_version, random, legacy_session_id<0..32>, cipher_suites<2..>, legacy_compression_methods<1..>
        if (!TrySkip(ref body, 2 + RandomLength) || !TryTake8(ref body, out _) || !TryTake16(ref body, out _) || !TryTake8(ref body, out _))
            return false;
        if (body.IsEmpty)
            return true;
        if (!TryTake16(ref body, out var extensions) || !body.IsEmpty)
            return false;
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2)
                return false;
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TryTake16(ref extensions, out var data))
                return false;
            if (type == ServerNameExtension)
                return TryReadNames(data, out serverName);
        }
        return true;
    }

    private static bool TryReadNames(ReadOnlySpan<byte> data, out string? serverName)
    {
        serverName = null;
        if (!TryTake16(ref data, out var names) || !data.IsEmpty)
            return false;
        while (!names.IsEmpty)
        {
            var type = names[0];
            names = names[1..];
            if (!TryTake16(ref names, out var name))
                return false;
            if (type != HostNameType)
                continue;
            // A DNS name in ASCII (RFC 6066); anything else is nobody's name here.
            if (name.Length is 0 or > 255 || name.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
                return false;
            serverName = Encoding.ASCII.GetString(name);
            return true;
        }
        return true;
    }

    private static bool TrySkip(ref ReadOnlySpan<byte> rest, int count)
    {
        if (rest.Length < count)
            return false;
        rest = rest[count..];
        return true;
    }

    private static bool TryTake8(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        return !rest.IsEmpty && TryTake(ref rest, 1, rest[0], out taken);
    }

    private static bool TryTake16(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        return rest.Length >= 2 && TryTake(ref rest, 2, BinaryPrimitives.ReadUInt16BigEndian(rest), out taken);
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, int header, int count, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length - header < count)
            return false;
        taken = rest.Slice(header, count);
        rest = rest[(header + count)..];
        return true;
    }
}
