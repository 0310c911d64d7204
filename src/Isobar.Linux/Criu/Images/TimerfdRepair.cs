using System.Buffers.Binary;
using Isobar.Linux.Criu.Rpc;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu.Images;

/// <summary>
/// A periodic timerfd whose expiry nobody had read yet shows no time left to the next one; CRIU up to 4.2 hands these zeros to
/// timerfd_settime, which disarms the timer for good (CRIU issue 3162). One nanosecond instead lets it expire at once and go on.
/// </summary>
public static class TimerfdRepair
{
    /// <summary>The image that describes all open files.</summary>
    public const string ImageName = "files.img";

    // criu/include/magic.h
    private const uint CommonMagic = 0x54564319;
    private const uint FilesMagic = 0x56303138;

    // images/fdinfo.proto: file_entry { type = 1; tfd = 12 }, TIMERFD = 17.
    private const int TypeField = 1;
    private const int TimerField = 12;
    private const int TimerType = 17;

    // images/timerfd.proto: timerfd_entry { vsec = 7; vnsec = 8; isec = 9; insec = 10 }.
    private const int LeftSeconds = 7;
    private const int LeftNanoseconds = 8;
    private const int IntervalSeconds = 9;
    private const int IntervalNanoseconds = 10;

    /// <summary>
    /// Repairs the image in place (its length stays) and returns how many timers it changed. What is not a well-formed files image is left alone
    /// from the first odd byte on: CRIU itself will then say what is wrong with it.
    /// </summary>
    public static int Apply(Span<byte> image)
    {
        if (image.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(image) != CommonMagic || BinaryPrimitives.ReadUInt32LittleEndian(image[4..]) != FilesMagic)
            return 0;
        var rest = image[8..];
        var changed = 0;
        while (rest.Length >= 4)
        {
            var size = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            if (size > rest.Length - 4)
                break;
            if (RepairEntry(rest.Slice(4, (int)size)))
                changed++;
            rest = rest[(4 + (int)size)..];
        }

        return changed;
    }

    internal static void Apply(SafeFileHandle file, long length)
    {
        // Some hundred bytes an open file; beyond this it is no image of ours.
        if (length > 256L << 20)
            return;
        var image = new byte[length];
        var read = RandomAccess.Read(file, image, 0);
        if (Apply(image.AsSpan(0, read)) > 0)
            RandomAccess.Write(file, image.AsSpan(0, read), 0);
    }

    private static bool RepairEntry(Span<byte> entry)
    {
        var isTimer = false;
        Span<byte> timer = default;
        var reader = new ProtoReader(entry);
        while (reader.Next())
        {
            if (reader.Field == TypeField)
                isTimer = reader.Number == TimerType;
            else if (reader.Field == TimerField)
                timer = entry.Slice(reader.ValueOffset, reader.Bytes.Length);
        }

        return isTimer && !reader.IsMalformed && RepairTimer(timer);
    }

    private static bool RepairTimer(Span<byte> timer)
    {
        ulong left = 0, interval = 0;
        var nanosecondsAt = -1;
        var reader = new ProtoReader(timer);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case LeftNanoseconds:
                    left |= reader.Number;
                    nanosecondsAt = reader.ValueOffset;
                    break;
                case LeftSeconds:
                    left |= reader.Number;
                    break;
                case IntervalSeconds or IntervalNanoseconds:
                    interval |= reader.Number;
                    break;
            }
        }

        if (reader.IsMalformed || nanosecondsAt < 0 || left != 0 || interval == 0)
            return false;

        // The varint of zero becomes the varint of one of the same length.
        timer[nanosecondsAt] |= 1;
        return true;
    }
}
