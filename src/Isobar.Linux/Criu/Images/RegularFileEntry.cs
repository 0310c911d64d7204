using Isobar.Linux.Criu.Rpc;

namespace Isobar.Linux.Criu.Images;

/// <summary>The part of a message of files.img that describes an open or mapped regular file (images/fdinfo.proto, images/regfile.proto).</summary>
/// <param name="Id">The number by which other images name it.</param>
/// <param name="Flags">Those of open(2).</param>
/// <param name="Start">Where in the message the part begins.</param>
/// <param name="Length">Its length.</param>
/// <param name="NameStart">Where in the message its name begins.</param>
/// <param name="NameLength">The name's length.</param>
internal readonly record struct RegularFileEntry(uint Id, uint Flags, int Start, int Length, int NameStart, int NameLength)
{
    private const int PartField = 3;
    private const int IdField = 1;
    private const int FlagsField = 2;
    private const int NameField = 6;
    private const int MountField = 7;

    /// <summary>Null when the message describes another kind of file.</summary>
    public static RegularFileEntry? Find(ReadOnlySpan<byte> message)
    {
        var outer = new ProtoReader(message);
        while (outer.Next())
        {
            if (outer.Field != PartField)
                continue;
            var entry = new RegularFileEntry(0, 0, outer.ValueOffset, outer.Bytes.Length, 0, 0);
            var reader = new ProtoReader(outer.Bytes);
            while (reader.Next())
            {
                entry = reader.Field switch
                {
                    IdField => entry with { Id = (uint)reader.Number },
                    FlagsField => entry with { Flags = (uint)reader.Number },
                    NameField => entry with { NameStart = entry.Start + reader.ValueOffset, NameLength = reader.Bytes.Length },
                    _ => entry,
                };
            }

            return reader.IsMalformed || entry.NameLength == 0 ? null : entry;
        }

        return null;
    }

    public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> message) => message.Slice(NameStart, NameLength);

    /// <summary>The message with another name in it, and on another mount when one is given.</summary>
    public byte[] Renamed(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name, int? mount)
    {
        var part = new ProtoWriter();
        var reader = new ProtoReader(message.Slice(Start, Length));
        while (reader.Next())
        {
            if (reader.Field == NameField)
                part.Bytes(NameField, name);
            else if (reader.Field != MountField || mount is null)
                part.Field(message[(Start + reader.FieldOffset)..(Start + reader.NextOffset)]);
        }

        if (mount is { } other)
            part.Signed(MountField, other);
        var whole = new ProtoWriter();
        var outer = new ProtoReader(message);
        while (outer.Next())
        {
            if (outer.Field == PartField)
                whole.Message(PartField, part);
            else
                whole.Field(message[outer.FieldOffset..outer.NextOffset]);
        }

        return whole.Written.ToArray();
    }
}
