using System.Buffers.Binary;

namespace Isobar.Linux.Criu.Images;

/// <summary>An image of CRIU that is a row of messages (criu/protobuf.c): two magic numbers, then each message with its length before it.</summary>
internal static class ImageFile
{
    // criu/include/magic.h
    public const uint FilesMagic = 0x56303138;
    public const uint RemapMagic = 0x59133954;
    public const uint GhostMagic = 0x52583605;
    public const uint MountsMagic = 0x55563928;
    private const uint CommonMagic = 0x54564319;
    private const int HeaderLength = 8;

    /// <summary>Some hundred bytes for each open file; what is longer is no image of this kind.</summary>
    private const long LongestImage = 256L << 20;

    /// <summary>The messages in order; null when there is no such image. Of one with raw data behind its first message, ask for that one only.</summary>
    /// <exception cref="CriuException">It is not such an image.</exception>
    public static List<byte[]>? Read(string path, uint magic, int most = int.MaxValue)
    {
        if (!File.Exists(path))
            return null;
        using var file = File.OpenRead(path);
        if (most == int.MaxValue && file.Length > LongestImage)
            throw NotOne(path);
        Span<byte> header = stackalloc byte[HeaderLength];
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength
            || BinaryPrimitives.ReadUInt32LittleEndian(header) != CommonMagic || BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != magic)
        {
            throw NotOne(path);
        }

        var messages = new List<byte[]>();
        while (messages.Count < most)
        {
            var got = file.ReadAtLeast(header[..4], 4, throwOnEndOfStream: false);
            if (got == 0)
                break;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
            if (got < 4 || length > file.Length - file.Position)
                throw NotOne(path);
            var message = new byte[length];
            file.ReadExactly(message);
            messages.Add(message);
        }

        return messages;
    }

    public static void Write(string path, uint magic, IEnumerable<byte[]> messages)
    {
        using var image = new MemoryStream();
        Put(image, CommonMagic);
        Put(image, magic);
        foreach (var message in messages)
        {
            Put(image, (uint)message.Length);
            image.Write(message);
        }

        File.WriteAllBytes(path, image.ToArray());
    }

    internal static CriuException NotOne(string path) =>
        new($"The job's image {Path.GetFileName(path)} is not one that Isobar knows; both machines should run the same version of CRIU.");

    private static void Put(MemoryStream image, uint number)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(word, number);
        image.Write(word);
    }
}
