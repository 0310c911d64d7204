using System.Buffers;
using System.Text;

namespace Isobar.Linux.Criu.Rpc;

/// <summary>
/// Writes protocol buffers fields by hand: the dozen messages of CRIU that we use need neither a code generator nor its runtime in an
/// ahead-of-time compiled supervisor. (Encoding: protobuf.dev/programming-guides/encoding.)
/// </summary>
internal sealed class ProtoWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    /// <summary>int32, uint32, uint64, enum; a negative int32 takes ten bytes.</summary>
    public ProtoWriter Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    /// <summary>Left out when false: CRIU's booleans are optional and default to false.</summary>
    public ProtoWriter Flag(int field, bool value) => value ? Number(field, 1) : this;

    public ProtoWriter Text(int field, string? value)
    {
        if (value is null)
            return this;
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _buffer);
        return this;
    }

    public ProtoWriter Message(int field, ProtoWriter message) => Bytes(field, message.Written);

    public ProtoWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        _buffer.Write(value);
        return this;
    }

    /// <summary>sint32: numbers near zero of both signs are short.</summary>
    public ProtoWriter Signed(int field, int value) => Number(field, (uint)((value << 1) ^ (value >> 31)));

    /// <summary>A field of another message as it stands there, key and all.</summary>
    public ProtoWriter Field(ReadOnlySpan<byte> keyAndValue)
    {
        _buffer.Write(keyAndValue);
        return this;
    }

    private void Varint(ulong value)
    {
        var span = _buffer.GetSpan(10);
        var length = Varints.Write(span, value);
        _buffer.Advance(length);
    }
}
