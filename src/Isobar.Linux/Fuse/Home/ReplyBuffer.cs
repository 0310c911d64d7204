using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Where one worker puts its reply, with room in front for both headers. Large memory is the process's, and goes from job to job: made anew for each, it made the collector work.</summary>
internal sealed class ReplyBuffer : IDisposable
{
    private const int PayloadStart = ReplyFrame.Size + FuseReplyHeader.Size;

    private const int Large = 1 << 17;

    private byte[] _bytes = new byte[8192];

    public ReplyFlags Flags { get; set; }

    /// <summary>Room for a payload; what an earlier call returned is lost.</summary>
    public Span<byte> Payload(int size)
    {
        if (_bytes.Length < PayloadStart + size)
        {
            Dispose();
            _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(PayloadStart + size, Large));
        }

        return _bytes.AsSpan(PayloadStart, size);
    }

    /// <summary>Makes <paramref name="value"/> the payload; returns its size, as an operation does.</summary>
    public int Put<T>(in T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(Payload(Unsafe.SizeOf<T>()), value);
        return Unsafe.SizeOf<T>();
    }

    /// <summary>The whole message for a result: a payload's length, or an error number made negative.</summary>
    public ReadOnlyMemory<byte> Seal(int result, ulong sequence, ulong unique, ulong received)
    {
        var length = PayloadStart + Math.Max(result, 0);
        var frame = new ReplyFrame { Length = (uint)length, Flags = Flags, Sequence = sequence, Received = received };
        var header = new FuseReplyHeader { Length = (uint)(length - ReplyFrame.Size), Error = Math.Min(result, 0), Unique = unique };
        MemoryMarshal.Write(_bytes, frame);
        MemoryMarshal.Write(_bytes.AsSpan(ReplyFrame.Size), header);
        return _bytes.AsMemory(0, length);
    }

    /// <summary>The answer to a guest that only asks whether home is there.</summary>
    public ReadOnlySpan<byte> SealSignOfLife(ulong received)
    {
        MemoryMarshal.Write(_bytes, new ReplyFrame { Length = ReplyFrame.Size, Received = received });
        return _bytes.AsSpan(0, ReplyFrame.Size);
    }

    public void Dispose()
    {
        if (_bytes.Length >= Large)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }
}
