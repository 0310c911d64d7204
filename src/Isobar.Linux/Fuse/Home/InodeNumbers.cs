namespace Isobar.Linux.Fuse.Home;

/// <summary>
/// Inode numbers as the job sees them. The view is one file system to the job's kernel while home has many, whose files may have the same number; so
/// numbers of other devices than the root's get a mark of their device in the upper 16 bits. The mark depends on the device alone,
/// so that a job finds the same numbers on every machine it comes to; numbers of the root's device are unchanged.
/// </summary>
internal sealed class InodeNumbers(ulong rootDevice)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ulong> _marks = [];
    private readonly HashSet<ulong> _taken = [0];

    public ulong Map(ulong device, ulong ino) => device == rootDevice ? ino : ino ^ MarkOf(device);

    private ulong MarkOf(ulong device)
    {
        lock (_gate)
        {
            if (_marks.TryGetValue(device, out var mark))
                return mark;

            // Fibonacci hashing. Two of a handful of devices rarely meet in 65535 marks; if they do, the later one moves on.
            var step = (device * 0x9E37_79B9_7F4A_7C15) >> 48;
            while (!_taken.Add(step))
                step = (step + 1) & 0xffff;
            mark = step << 48;
            _marks.Add(device, mark);
            return mark;
        }
    }
}
