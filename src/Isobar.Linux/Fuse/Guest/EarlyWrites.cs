using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>A small write under way: to which open file, and how many bytes.</summary>
internal sealed record EarlyWrite(ulong Handle, int Size);

/// <summary>
/// Small writes that the kernel is told to be done when they are on their way, so that a program that writes 4 KiB at a time does not wait a round trip for each. Home executes
/// them in order and before anything that was asked for later, so nobody in the job can tell; flush (at each close) and fsync wait for them and report
/// what went wrong, as the page cache of any file system does. A guest that dies in between loses no more than one that dies before its write.
/// </summary>
internal sealed class EarlyWrites(KernelDevice device)
{
    /// <summary>Largest write that need not wait, bytes: larger ones use the link well enough.</summary>
    private const int LargestWrite = 64 * 1024;

    /// <summary>Most bytes under way: what a request about names or attributes may have to wait for, 8 ms on a link of 1 Gb/s.</summary>
    private const int Window = 1 << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, OpenState> _files = [];
    private int _bytes;

    /// <summary>Whether a write may be answered at once, and what went wrong with an earlier one (a negative error number, told once).</summary>
    public EarlyWrite? TryBegin(in FuseTransferRequest write, out int error)
    {
        lock (_gate)
        {
            error = 0;
            if (_files.TryGetValue(write.Handle, out var state) && state.Error != 0)
            {
                (error, state.Error) = (state.Error, 0);
                return null;
            }

            const int Waits = OpenFlags.Sync | OpenFlags.Direct;
            if (write.Size > LargestWrite || _bytes + write.Size > Window || ((int)write.Flags & Waits) != 0
                || (write.TransferFlags & FuseBits.WriteFromCache) != 0)
                return null;
            if (state is null)
                _files.Add(write.Handle, state = new OpenState());
            state.UnderWay++;
            _bytes += (int)write.Size;
            return new EarlyWrite(write.Handle, (int)write.Size);
        }
    }

    /// <summary>Tells the kernel that a write is done.</summary>
    public void Answer(ulong unique, EarlyWrite write)
    {
        var answer = new WriteAnswer
        {
            Header = new FuseReplyHeader { Length = (uint)Marshal.SizeOf<WriteAnswer>(), Unique = unique },
            Reply = new FuseSizeReply { Size = (uint)write.Size },
        };
        device.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<WriteAnswer>(in answer)));
    }

    /// <summary>Home has answered a write.</summary>
    public void Confirm(EarlyWrite write, ReadOnlySpan<byte> reply)
    {
        var error = 0;
        if (MemoryMarshal.TryRead(reply, out WriteAnswer answer) && answer.Header.Error == 0)
            error = answer.Reply.Size == write.Size ? 0 : -Errno.Io;
        else if (MemoryMarshal.TryRead(reply, out FuseReplyHeader header))
            error = header.Error;
        List<Action<int>>? waiting = null;
        lock (_gate)
        {
            _bytes -= write.Size;
            var state = _files[write.Handle];
            if (state.Error == 0)
                state.Error = error;
            if (--state.UnderWay > 0)
                return;
            (waiting, state.Waiting) = (state.Waiting, null);
            error = state.Error;
            if (waiting is not null)
                state.Error = 0;
            if (state.Error == 0 || state.IsClosed)
                _files.Remove(write.Handle);
        }

        foreach (var proceed in waiting ?? [])
            proceed(error);
    }

    /// <summary>Calls <paramref name="proceed"/> when no write of a file is under way, perhaps now, with what went wrong before (0 or a negative error number).</summary>
    public void WhenDone(ulong handle, Action<int> proceed)
    {
        var error = 0;
        lock (_gate)
        {
            if (_files.TryGetValue(handle, out var state))
            {
                if (state.UnderWay > 0)
                {
                    (state.Waiting ??= []).Add(proceed);
                    return;
                }

                error = state.Error;
                _files.Remove(handle);
            }
        }

        proceed(error);
    }

    /// <summary>A file is closed; nobody will ask for its errors.</summary>
    public void Closed(ulong handle)
    {
        lock (_gate)
        {
            if (!_files.TryGetValue(handle, out var state))
                return;
            if (state.UnderWay == 0)
                _files.Remove(handle);
            else
                state.IsClosed = true;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WriteAnswer
    {
        public FuseReplyHeader Header;
        public FuseSizeReply Reply;
    }

    private sealed class OpenState
    {
        public int UnderWay { get; set; }

        /// <summary>The first failure that nobody was told of.</summary>
        public int Error { get; set; }

        public bool IsClosed { get; set; }

        public List<Action<int>>? Waiting { get; set; }
    }
}
