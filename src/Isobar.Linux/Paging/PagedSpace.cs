namespace Isobar.Linux.Paging;

/// <summary>One address space of which pages are, or may be, elsewhere.</summary>
/// <param name="fault">Its userfaultfd.</param>
/// <param name="table">Its pages that are elsewhere.</param>
/// <param name="pid">Its process; 0 for one that a fork has made, of which the kernel does not tell the number: its pages come back when touched, and no more of them go.</param>
internal sealed class PagedSpace(UserFault fault, PageTable table, int pid) : IDisposable
{
    private readonly HashSet<ulong> _touched = [];

    public UserFault Fault => fault;

    public PageTable Table => table;

    public int Pid => pid;

    public bool IsDead { get; set; }

    /// <summary>Runs of pages that are going at this moment, while the process stands still: the event of their removal is ours.</summary>
    public List<(ulong Start, ulong End)>? Going { get; set; }

    /// <summary>Where to look for pages next.</summary>
    public ulong Cursor { get; set; }

    /// <summary>For the first addresses of areas: whether they must be left alone.</summary>
    public Dictionary<ulong, bool> Judged { get; } = [];

    public bool IsGoing(ulong address)
    {
        if (Going is not { } runs)
            return false;
        foreach (var (start, end) in runs)
        {
            if (address >= start && address < end)
                return true;
        }

        return false;
    }

    /// <summary>A page there was wanted back: the 2 MiB around it get a second chance.</summary>
    public void Touch(ulong address) => _touched.Add(address >> 21);

    /// <summary>Whether something there was wanted back since it was asked for the last time.</summary>
    public bool TakeTouch(ulong address) => _touched.Remove(address >> 21);

    public void Dispose() => fault.Dispose();
}
