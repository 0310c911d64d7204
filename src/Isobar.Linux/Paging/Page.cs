namespace Isobar.Linux.Paging;

/// <summary>Sizes of x86-64.</summary>
public static class Page
{
    public const int Size = 4096;
    public const int Shift = 12;
}
