using System.Buffers.Text;

namespace Isobar.Linux.Kernel;

/// <summary>Numbers in the texts that the kernel makes, without a string in between.</summary>
internal static class KernelText
{
    /// <summary>The number that follows a name somewhere in the text ("MemTotal:   1000 kB"), or null. The name counts at the start of a line or after a blank only.</summary>
    public static long? Number(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        var from = 0;
        while (text[from..].IndexOf(name) is >= 0 and var at)
        {
            var start = from + at;
            from = start + name.Length;
            if (start > 0 && text[start - 1] is not ((byte)'\n' or (byte)' '))
                continue;
            return Utf8Parser.TryParse(text[from..].TrimStart(" \t"u8), out long value, out _) ? value : null;
        }

        return null;
    }

    /// <summary>Takes the first word as a number; null for anything else ("max").</summary>
    public static long? First(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text.TrimStart(" \t\n"u8), out long value, out _) ? value : null;

    /// <summary>Cuts the first word off and returns it; empty when there is none.</summary>
    public static ReadOnlySpan<byte> NextWord(ref ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t\n"u8);
        var end = text.IndexOfAny(" \t\n"u8);
        var word = end < 0 ? text : text[..end];
        text = end < 0 ? [] : text[end..];
        return word;
    }
}
