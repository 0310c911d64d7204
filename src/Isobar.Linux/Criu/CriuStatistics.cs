using System.Buffers.Binary;
using Isobar.Linux.Criu.Rpc;

namespace Isobar.Linux.Criu;

/// <summary>What CRIU measured itself at a dump that ended with killing the tasks (stats-dump, images/stats.proto).</summary>
/// <param name="Freezing">Until all tasks were stopped.</param>
/// <param name="Frozen">From then until they were let go or killed.</param>
/// <param name="MemoryDump">Of this, draining the memory of all tasks.</param>
/// <param name="PagesWritten">Pages of 4 KiB.</param>
public sealed record CriuStatistics(TimeSpan Freezing, TimeSpan Frozen, TimeSpan MemoryDump, long PagesWritten)
{
    internal static CriuStatistics? Read(string directory)
    {
        const uint ServiceMagic = 0x55105940;
        byte[] image;
        try
        {
            image = File.ReadAllBytes(Path.Combine(directory, "stats-dump"));
        }
        catch (IOException)
        {
            return null;
        }

        if (image.Length < 12 || BinaryPrimitives.ReadUInt32LittleEndian(image) != ServiceMagic)
            return null;
        var outer = new ProtoReader(image.AsSpan(12));
        if (!outer.Next() || outer.Field != 1)
            return null;
        Span<long> fields = stackalloc long[16];
        var dump = new ProtoReader(outer.Bytes);
        while (dump.Next())
        {
            if (dump.Field < fields.Length)
                fields[dump.Field] = (long)dump.Number;
        }

        return new CriuStatistics(TimeSpan.FromMicroseconds(fields[1]), TimeSpan.FromMicroseconds(fields[2]), TimeSpan.FromMicroseconds(fields[3]), fields[7]);
    }
}
