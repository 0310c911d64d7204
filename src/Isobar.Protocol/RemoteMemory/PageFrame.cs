using System.Buffers.Binary;

namespace Isobar.Protocol.RemoteMemory;

/// <summary>What a message between a job's supervisor and a memory server is.</summary>
public enum PageFrameKind : byte
{
    /// <summary>To the server: keep these pages; they follow. Answered by <see cref="Kept"/>.</summary>
    Keep = 1,

    /// <summary>To the server: send these pages. Answered by <see cref="Pages"/>.</summary>
    Send = 2,

    /// <summary>To the server: these are not wanted any more. Not answered.</summary>
    Drop = 3,

    /// <summary>From the server: whether it keeps them.</summary>
    Kept = 4,

    /// <summary>From the server: whether it has all of them; if so, they follow.</summary>
    Pages = 5,
}

/// <summary>
/// The head of a message: kind (u8), yes or no (u8), number of pages (u16), first slot (u32), little endian. A slot is where the supervisor has a page on its own disk, and the page's name at the
/// server. Questions are answered in their order.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Yes">In an answer.</param>
/// <param name="Count">Pages, at most <see cref="MostPages"/> where pages follow.</param>
/// <param name="Slot">The first page's slot; the others follow it.</param>
public readonly record struct PageFrame(PageFrameKind Kind, bool Yes, int Count, uint Slot)
{
    /// <summary>The role in the server name of a connection (<see cref="Naming.ServerNames.Job"/>), which the daemon itself takes.</summary>
    public const string Role = "memory";

    public const int PageSize = 4096;
    public const int HeadLength = 8;
    public const int MostPages = 64;

    /// <summary>Bytes that follow the head of a <see cref="PageFrameKind.Keep"/> or an affirmative <see cref="PageFrameKind.Pages"/>.</summary>
    public int Bytes => Count * PageSize;

    public void Write(Span<byte> head)
    {
        head[0] = (byte)Kind;
        head[1] = (byte)(Yes ? 1 : 0);
        BinaryPrimitives.WriteUInt16LittleEndian(head[2..], (ushort)Count);
        BinaryPrimitives.WriteUInt32LittleEndian(head[4..], Slot);
    }

    /// <summary>Reads a head, waiting for it.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    /// <exception cref="IOException">The other side has gone.</exception>
    public static PageFrame Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Span<byte> head = stackalloc byte[HeadLength];
        stream.ReadExactly(head);
        var frame = new PageFrame((PageFrameKind)head[0], head[1] != 0, BinaryPrimitives.ReadUInt16LittleEndian(head[2..]), BinaryPrimitives.ReadUInt32LittleEndian(head[4..]));
        var isLong = frame.Count > MostPages && frame.Kind != PageFrameKind.Drop;
        return frame.Kind is < PageFrameKind.Keep or > PageFrameKind.Pages || isLong || frame.Count == 0
            ? throw new InvalidDataException("A message about pages is none.")
            : frame;
    }
}
