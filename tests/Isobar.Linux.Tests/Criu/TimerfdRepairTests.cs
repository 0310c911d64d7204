using System.Buffers.Binary;
using CsCheck;
using Isobar.Linux.Criu.Images;
using Isobar.Linux.Criu.Rpc;

namespace Isobar.Linux.Tests.Criu;

public sealed class TimerfdRepairTests
{
    private const int Timer = 17;
    private const int Regular = 1;

    private static readonly Gen<ulong> Value = Gen.OneOf(Gen.Const(0UL), Gen.ULong);

    [Fact]
    public void Exactly_the_dead_periodic_timers_get_one_nanosecond()
        => Gen.Select(Gen.Bool, Value, Value, Value, Value).Array[0, 8].Sample(entries =>
        {
            var image = Image([.. entries.Select(e => Entry(e.Item1 ? Timer : Regular, e.Item2, e.Item3, e.Item4, e.Item5))]);
            var before = image.ToArray();
            var dead = entries.Select(e => e.Item1 && e.Item2 == 0 && e.Item3 == 0 && (e.Item4 != 0 || e.Item5 != 0)).ToList();
            Assert.Equal(dead.Count(d => d), TimerfdRepair.Apply(image));
            var expected = Image([.. entries.Select((e, i) => Entry(e.Item1 ? Timer : Regular, e.Item2, dead[i] ? 1 : e.Item3, e.Item4, e.Item5))]);
            Assert.Equal(expected, image);
            Assert.Equal(before.Length, image.Length);
            Assert.Equal(0, TimerfdRepair.Apply(image));
        });

    [Fact]
    public void Any_bytes_are_survived()
        => Gen.Byte.Array[0, 100].Sample(bytes =>
        {
            TimerfdRepair.Apply(bytes);
            TimerfdRepair.Apply(Image([bytes]));
        });

    [Fact]
    public void Another_image_is_left_alone()
    {
        var image = Image([Entry(Timer, 0, 0, 1, 0)]);
        image[4] ^= 1;
        Assert.Equal(0, TimerfdRepair.Apply(image));
    }

    private static byte[] Entry(int type, ulong seconds, ulong nanoseconds, ulong intervalSeconds, ulong intervalNanoseconds)
    {
        var timer = new ProtoWriter().Number(1, 5).Number(2, 2).Message(3, new ProtoWriter().Number(1, 0)).Number(4, 1).Number(5, 3).Number(6, 0)
            .Number(7, (long)seconds).Number(8, (long)nanoseconds).Number(9, (long)intervalSeconds).Number(10, (long)intervalNanoseconds);
        return new ProtoWriter().Number(1, type).Number(2, 9).Message(12, timer).Written.ToArray();
    }

    private static byte[] Image(byte[][] entries)
    {
        var image = new MemoryStream();
        Span<byte> word = stackalloc byte[4];
        foreach (var magic in (uint[])[0x54564319, 0x56303138])
        {
            BinaryPrimitives.WriteUInt32LittleEndian(word, magic);
            image.Write(word);
        }

        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteInt32LittleEndian(word, entry.Length);
            image.Write(word);
            image.Write(entry);
        }

        return image.ToArray();
    }
}
