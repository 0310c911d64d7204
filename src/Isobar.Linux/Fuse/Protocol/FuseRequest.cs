using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Protocol;

/// <summary>One request as it came from the other machine: nothing in it is believed before it was checked.</summary>
internal readonly ref struct FuseRequest
{
    /// <summary>Longest name of a directory entry, in bytes (NAME_MAX).</summary>
    private const int NameLimit = 255;

    private FuseRequest(FuseRequestHeader header, ReadOnlySpan<byte> body)
    {
        Header = header;
        Body = body;
    }

    public FuseRequestHeader Header { get; }

    /// <summary>All after the header.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>Takes the header off a message; false if the message is not one whole request.</summary>
    public static bool TryParse(ReadOnlySpan<byte> message, out FuseRequest request)
    {
        if (!MemoryMarshal.TryRead(message, out FuseRequestHeader header) || header.Length != message.Length)
        {
            request = default;
            return false;
        }

        request = new FuseRequest(header, message[FuseRequestHeader.Size..]);
        return true;
    }

    /// <summary>Reads the fixed part of the body.</summary>
    public bool TryRead<T>(out T value, out ReadOnlySpan<byte> rest)
        where T : unmanaged
    {
        if (!MemoryMarshal.TryRead(Body, out value))
        {
            rest = default;
            return false;
        }

        rest = Body[Unsafe.SizeOf<T>()..];
        return true;
    }

    /// <summary>
    /// Takes one name of a directory entry, kept with its terminating zero, off <paramref name="bytes"/>. "." and ".." and anything with a slash are
    /// refused: the kernel resolves them itself and never sends them, and they are the way out of the served tree.
    /// </summary>
    public static bool TryTakeName(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> name)
    {
        if (!TryTakeText(ref bytes, out name))
            return false;
        var text = name[..^1];
        return text.Length is > 0 and <= NameLimit && !text.Contains((byte)'/') && !text.SequenceEqual("."u8) && !text.SequenceEqual(".."u8);
    }

    /// <summary>Takes any zero-terminated text off <paramref name="bytes"/>, kept with its zero.</summary>
    public static bool TryTakeText(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> text)
    {
        var end = bytes.IndexOf((byte)0);
        if (end < 0)
        {
            text = default;
            return false;
        }

        text = bytes[..(end + 1)];
        bytes = bytes[(end + 1)..];
        return true;
    }
}
