namespace Isobar.Linux.Criu.Rpc;

/// <summary>Base-128 variable-length integers, seven bits a byte, low bits first.</summary>
internal static class Varints
{
    public const int MaxLength = 10;

    public static int Write(Span<byte> target, ulong value)
    {
        var i = 0;
        while (value >= 0x80)
        {
            target[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[i++] = (byte)value;
        return i;
    }

    /// <summary>False when the bytes end too soon or the integer is longer than 64 bits.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out ulong value, out int length)
    {
        value = 0;
        for (length = 0; length < source.Length && length < MaxLength;)
        {
            var octet = source[length];
            value |= (ulong)(octet & 0x7f) << (7 * length);
            length++;
            if (octet < 0x80)
                return true;
        }

        return false;
    }
}
