using Isobar.Linux.Processes;

namespace Isobar.Linux.Weights;

/// <summary>
/// Makes processes so light that others hardly feel them (a machine's owner of guests; a job of one in the background): in a control group at the top of this machine's hierarchy that counts as idle,
/// or, where none can be made, thread by thread as SCHED_IDLE. Either way what the processes fork is as light, and everything can be put back before a move.
/// </summary>
/// <remarks>
/// A group must be a sibling of the owner's own: SCHED_IDLE and nice count only inside of the group (or session, with autogroup) that a thread is in, and a service's
/// group weighs as much as a user's session however light its threads are.
/// </remarks>
public sealed class GuestWeight
{
    private const int AutogroupLightest = 19;

    private readonly GuestGroup? _group;
    private readonly Dictionary<int, (int Policy, int Priority)> _special = [];

    private GuestWeight(GuestGroup? group) => _group = group;

    /// <summary>In words, for a log.</summary>
    public string How => _group?.How ?? "SCHED_IDLE for each thread";

    /// <summary>Whether each thread is SCHED_IDLE, instead of all being in a light group.</summary>
    public bool IsByThreads => _group is null;

    /// <summary>The best way that this machine has.</summary>
    public static GuestWeight OfThisMachine() => new(GuestGroup.TryCreate());

    /// <summary>By threads, whatever the machine has.</summary>
    public static GuestWeight ByThreads() => new(null);

    /// <summary>Makes processes light; those that are already stay so.</summary>
    /// <param name="processes">The processes there are now; asked again, since some fork meanwhile.</param>
    public void Lower(Func<IReadOnlyList<int>> processes)
    {
        if (_group is null && _special.Count == 0)
            NoteSpecial(processes());
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var process in processes())
            {
                if (_group is not null)
                    _group.TryEnter(process);
                else
                    SetThreads(process, AutogroupLightest, static (_, _) => (Scheduling.Idle, 0));
            }
        }
    }

    /// <summary>Gives them their own weight again: as they came, so that a dump shows nothing of it.</summary>
    public void Restore(Func<IReadOnlyList<int>> processes)
    {
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var process in processes())
            {
                if (_group is not null)
                    _group.TryLeave(process);
                else
                    SetThreads(process, 0, static (thread, special) => special.GetValueOrDefault(thread, (Scheduling.Ordinary, 0)));
            }
        }

        _special.Clear();
    }

    // Before anything is changed: what is light already is so by its own wish, and real-time threads were allowed that by their home. What is forked later is
    // the child of something noted here, or ordinary.
    private void NoteSpecial(IReadOnlyList<int> processes)
    {
        foreach (var process in processes)
        {
            foreach (var thread in ProcFs.ThreadIds(process))
            {
                if (Scheduling.PolicyOf(thread) is { } policy && policy != Scheduling.Ordinary)
                    _special[thread] = (policy, Scheduling.PriorityOf(thread));
            }
        }
    }

    private void SetThreads(int process, int autogroup, Func<int, Dictionary<int, (int Policy, int Priority)>, (int Policy, int Priority)> wanted)
    {
        SetAutogroup(process, autogroup);
        foreach (var thread in ProcFs.ThreadIds(process))
        {
            var (policy, priority) = wanted(thread, _special);
            if (Scheduling.PolicyOf(thread) is { } now && now != policy)
                _ = Scheduling.TrySet(thread, policy, priority);
        }
    }

    // Sessions share a machine evenly where the kernel groups them (sched_autogroup_enabled), whatever their threads are.
    private static void SetAutogroup(int process, int nice)
    {
        try
        {
            File.WriteAllText($"/proc/{process}/autogroup", nice.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The kernel has no autogroups, or the process has ended.
        }
    }
}
