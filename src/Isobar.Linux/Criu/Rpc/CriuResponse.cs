using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu.Rpc;

/// <summary>A message from CRIU: the answer to the request, or a notification in between.</summary>
internal sealed record CriuResponse(CriuRequestType Type, bool Success)
{
    public string? NotificationScript { get; init; }

    public int Pid { get; init; } = -1;

    public int ErrorNumber { get; init; }

    public string? ErrorText { get; init; }

    public Version? Version { get; init; }

    public bool LazyPages { get; init; }

    /// <summary>Came with the message (SCM_RIGHTS); the receiver owns it.</summary>
    public SafeFileHandle? Descriptor { get; init; }

    /// <summary>Null when the bytes are not a criu_resp.</summary>
    public static CriuResponse? Parse(ReadOnlySpan<byte> message, SafeFileHandle? descriptor)
    {
        var response = new CriuResponse(CriuRequestType.Empty, false) { Descriptor = descriptor };
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            response = reader.Field switch
            {
                1 => response with { Type = (CriuRequestType)reader.Number },
                2 => response with { Success = reader.Number != 0 },
                4 => response with { Pid = (int)Inner(reader.Bytes, 1) },
                5 => response with { NotificationScript = InnerText(reader.Bytes, 1), Pid = (int)Inner(reader.Bytes, 2) },
                7 => response with { ErrorNumber = (int)reader.Number },
                8 => response with { LazyPages = Inner(reader.Bytes, 2) == 1 },
                9 => response with { ErrorText = reader.Text },
                10 => response with { Version = ParseVersion(reader.Bytes) },
                _ => response,
            };
        }

        return reader.IsMalformed ? null : response;
    }

    private static Version ParseVersion(ReadOnlySpan<byte> bytes)
        => new((int)Inner(bytes, 1, 0), (int)Inner(bytes, 2, 0), (int)Inner(bytes, 4, 0));

    private static long Inner(ReadOnlySpan<byte> bytes, int field, long missing = -1)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == field)
                return (long)reader.Number;
        }

        return missing;
    }

    private static string? InnerText(ReadOnlySpan<byte> bytes, int field)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == field)
                return reader.Text;
        }

        return null;
    }
}
