namespace Isobar.Protocol.Jobs;

/// <summary>The channels of a link between job host and deputy, and between deputy and <c>isobar run</c>.</summary>
public static class JobChannels
{
    public const int Input = 0;
    public const int Output = 1;
    public const int Error = 2;
    public const int Control = 3;
    public const int Count = 4;
}
