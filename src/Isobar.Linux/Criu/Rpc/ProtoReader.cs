using System.Text;

namespace Isobar.Linux.Criu.Rpc;

/// <summary>Walks the fields of a protocol buffers message. Malformed input ends the walk with <see cref="IsMalformed"/>, it never throws.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _position;

    public int Field { get; private set; }

    /// <summary>The value of a varint or fixed field.</summary>
    public ulong Number { get; private set; }

    /// <summary>The content of a length-delimited field (text, bytes, message).</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Where in the message the field's value begins (after the length of a length-delimited one) and the field itself begins.</summary>
    public int ValueOffset { get; private set; }

    public int FieldOffset { get; private set; }

    public readonly int NextOffset => _position;

    public bool IsMalformed { get; private set; }

    public readonly string Text => Encoding.UTF8.GetString(Bytes);

    public bool Next()
    {
        if (_position >= _message.Length || IsMalformed)
            return false;
        FieldOffset = _position;
        Bytes = default;
        Number = 0;
        if (!ReadVarint(out var key) || key >> 3 is 0 or > 0x1fff_ffff)
            return Fail();
        Field = (int)(key >> 3);
        ValueOffset = _position;
        switch (key & 7)
        {
            case 0 when ReadVarint(out var number):
                Number = number;
                return true;
            case 1 when Take(8, out var eight):
                Number = BitConverter.ToUInt64(eight);
                return true;
            case 2 when ReadVarint(out var length) && length <= int.MaxValue:
                ValueOffset = _position;
                if (!Take((int)length, out var bytes))
                    return Fail();
                Bytes = bytes;
                return true;
            case 5 when Take(4, out var four):
                Number = BitConverter.ToUInt32(four);
                return true;
            default:
                return Fail();
        }
    }

    private bool ReadVarint(out ulong value)
    {
        if (!Varints.TryRead(_message[_position..], out value, out var length))
            return false;
        _position += length;
        return true;
    }

    private bool Take(int count, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (_message.Length - _position < count)
            return false;
        bytes = _message.Slice(_position, count);
        _position += count;
        return true;
    }

    private bool Fail()
    {
        IsMalformed = true;
        return false;
    }
}
