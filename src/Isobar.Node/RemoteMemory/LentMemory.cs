using Isobar.Linux.Load;

namespace Isobar.Node.RemoteMemory;

/// <summary>How much of this machine's memory pages of other machines' jobs may take: what is free above a share that stays free.</summary>
/// <param name="read">Memory of this machine now.</param>
/// <param name="share">The share of all memory that stays free, 0 to 1.</param>
internal sealed class LentMemory(Func<MachineMemory> read, Func<double> share)
{
    // A look takes two files of the kernel; in so many bytes the machine does not run out of memory.
    private const long LookEvery = 1 << 20;
    private long _room;

    /// <summary>Bytes by which free memory is below what shall stay free; 0 = it is not.</summary>
    public long Missing
    {
        get
        {
            var memory = read();
            return Math.Max(0, (long)(share() * memory.TotalBytes) - memory.AvailableBytes);
        }
    }

    /// <summary>Whether so many bytes more may be taken. For one thread at a time.</summary>
    public bool TryTake(int bytes)
    {
        if (_room < bytes)
        {
            var memory = read();
            _room = Math.Min(LookEvery, memory.AvailableBytes - (long)(share() * memory.TotalBytes));
        }

        if (_room < bytes)
            return false;
        _room -= bytes;
        return true;
    }
}
