namespace Isobar.Linux.Criu.Images;

/// <summary>Names of image files come from another machine: only what CRIU itself would write is taken.</summary>
public static class ImageNames
{
    /// <summary>CRIU's longest is far below this ("ghost-file-XXXXXXXX.img").</summary>
    public const int MaxLength = 64;

    /// <summary>Letters, digits, '-', '_', '.', not beginning with a dot: no path can be built of it.</summary>
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MaxLength || name[0] == '.')
            return false;
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
                return false;
        }

        return true;
    }
}
