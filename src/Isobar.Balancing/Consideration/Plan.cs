namespace Isobar.Balancing.Consideration;

/// <summary>
/// What a consideration wants: actions in order, and on request why other things were not done. Reused from call to call.
/// </summary>
public sealed class Plan
{
    private PlannedAction[] _actions = new PlannedAction[4];
    private int _count;
    private List<Reason>? _stays;

    /// <param name="explains">True to keep reasons of what was considered and not done (the daemon); false to save the work (a simulator).</param>
    public Plan(bool explains = false) => Explains = explains;

    public bool Explains { get; }

    public ReadOnlySpan<PlannedAction> Actions => _actions.AsSpan(0, _count);

    /// <summary>Why jobs stay; empty unless <see cref="Explains"/>.</summary>
    public IReadOnlyList<Reason> Stays => _stays ?? (IReadOnlyList<Reason>)[];

    /// <summary>On what ground the rule wants it that adds actions now.</summary>
    public Ground Ground { get; set; }

    public void Clear()
    {
        _count = 0;
        Ground = Ground.Gain;
        _stays?.Clear();
    }

    public void Add(in PlannedAction action)
    {
        if (_count == _actions.Length)
            Array.Resize(ref _actions, _count * 2);
        _actions[_count++] = action with { Ground = Ground };
    }

    public void Move(in JobInfo job, NodeId to, in Reason reason) => Move(in job, to, NodeId.None, in reason);

    /// <summary>A move with a second target, if it is another one.</summary>
    public void Move(in JobInfo job, NodeId to, NodeId alternate, in Reason reason) =>
        Add(new PlannedAction(ActionKind.Move, job.Id, job.Node, to, alternate == to ? NodeId.None : alternate, reason));

    /// <summary>An action on a job where it is.</summary>
    public void Act(ActionKind kind, in JobInfo job, in Reason reason) =>
        Add(new PlannedAction(kind, job.Id, job.Node, job.Node, NodeId.None, reason));

    /// <summary>Remembers why something was not done.</summary>
    public void Stay(in Reason reason)
    {
        if (Explains)
            (_stays ??= []).Add(reason);
    }

    /// <summary>True if an earlier rule already plans something for this job.</summary>
    public bool Concerns(JobId job)
    {
        foreach (ref readonly PlannedAction action in Actions)
        {
            if (action.Job == job)
                return true;
        }

        return false;
    }
}
