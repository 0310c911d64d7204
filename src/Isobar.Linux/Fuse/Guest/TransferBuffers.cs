using System.Buffers;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>
/// Buffers for one request of the largest size. Their number is the bound of memory: when all hold writes that home has not confirmed, the next request stays in
/// the kernel until one is free.
/// </summary>
internal sealed class TransferBuffers(int limit) : IDisposable
{
    public const int Size = RequestFrame.Size + FrameLimits.Transfer + FrameLimits.Overhead;

    private readonly object _gate = new();
    private readonly Stack<byte[]> _free = [];
    private int _made;
    private bool _closed;

    /// <summary>A free buffer, waiting for one if need be; null when the view has ended.</summary>
    public byte[]? Take()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_closed)
                    return null;
                if (_free.TryPop(out var buffer))
                    return buffer;
                if (_made < limit)
                {
                    _made++;
                    return ArrayPool<byte>.Shared.Rent(Size);
                }

                Monitor.Wait(_gate);
            }
        }
    }

    public void Return(byte[] buffer)
    {
        lock (_gate)
        {
            _free.Push(buffer);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>After the last request: gives back what is free. What a request still has that was never answered goes with it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            while (_free.TryPop(out var buffer))
                ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }
}
