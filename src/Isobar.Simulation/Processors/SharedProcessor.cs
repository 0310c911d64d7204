using Isobar.Balancing.Load;

namespace Isobar.Simulation.Processors;

/// <summary>
/// A machine's cores shared equally among the tasks that are ready (egalitarian processor sharing): with n tasks each is served at
/// rate (sum of the speeds of the n fastest cores) / n / drag. Since all tasks are served alike, one number is enough to know what each has
/// received: the virtual service time V, which grows at that rate. A task that joins at V with work w leaves when V reaches V + w, whatever
/// joins or leaves meanwhile, so an arrival or departure costs O(log n), and the result is exact, not stepped
/// (virtual time of fair queueing: Demers, Keshav, Shenker 1989; Parekh and Gallager 1993).
/// </summary>
public sealed class SharedProcessor
{
    private ProcessorTask?[] _heap = new ProcessorTask?[4];
    private double[] _keys = new double[4];
    private double _virtual;
    private double _drag = 1;

    /// <param name="cores">The machine's cores; n tasks share the n fastest. One task never uses more than one.</param>
    public SharedProcessor(CoreSet cores)
    {
        ArgumentNullException.ThrowIfNull(cores);
        Cores = cores;
    }

    public CoreSet Cores { get; }

    /// <summary>Number of tasks that are ready (running or waiting for a core).</summary>
    public int Count { get; private set; }

    /// <summary>Time up to which service has been accounted, in virtual seconds.</summary>
    public double Now { get; private set; }

    /// <summary>Integral of the number of busy cores over time, in core seconds.</summary>
    public double BusyCoreSeconds { get; private set; }

    /// <summary>Integral of the number of ready tasks over time, in task seconds (what MOSIX's load sampling adds up).</summary>
    public double ReadyTaskSeconds { get; private set; }

    /// <summary>Slow-down of all tasks alike, at least 1: thrashing multiplies it. Call <see cref="AdvanceTo"/> before changing it.</summary>
    public double Drag
    {
        get => _drag;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _drag = value;
        }
    }

    /// <summary>Work per second that each ready task gets at present; what one task would get when there is none.</summary>
    public double Rate => Count <= 1 ? Cores.Fastest / _drag : Cores.FastestSum(Count) / (Count * _drag);

    /// <summary>The task that will finish first, if any.</summary>
    public ProcessorTask? First => Count == 0 ? null : _heap[0];

    /// <summary>All ready tasks in no order that means anything.</summary>
    public ReadOnlySpan<ProcessorTask?> Tasks => _heap.AsSpan(0, Count);

    /// <summary>When the first task will finish if nothing changes; positive infinity when there is none.</summary>
    public double FirstFinish => Count == 0 ? double.PositiveInfinity : Now + Math.Max(0, _keys[0] - _virtual) / Rate;

    /// <summary>Accounts for the service up to a time, which must not lie before <see cref="Now"/>.</summary>
    public void AdvanceTo(double time)
    {
        var elapsed = time - Now;
        if (elapsed <= 0)
            return;

        if (Count > 0)
        {
            _virtual += elapsed * Rate;
            BusyCoreSeconds += elapsed * Math.Min(Count, Cores.Count);
            ReadyTaskSeconds += elapsed * Count;
        }

        Now = time;
    }

    /// <summary>Work that a task of this processor has still to do, in seconds of a standard core.</summary>
    public double Remaining(ProcessorTask task) => Math.Max(0, _keys[task.Slot] - _virtual);

    /// <summary>Adds a task with so much work, in seconds of a standard core. The processor must have been advanced to the present.</summary>
    public void Add(ProcessorTask task, double work)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, Count * 2);
            Array.Resize(ref _keys, Count * 2);
        }

        // An idle machine starts over at zero, so that V never grows so large that the small differences in it are lost.
        if (Count == 0)
            _virtual = 0;

        SiftUp(Count++, task, _virtual + work);
    }

    /// <summary>Takes a task out and returns the work that it has still to do. The processor must have been advanced to the present.</summary>
    public double Remove(ProcessorTask task)
    {
        var at = task.Slot;
        var remaining = Remaining(task);
        var last = _heap[--Count]!;
        var key = _keys[Count];
        _heap[Count] = null;
        task.Slot = -1;
        if (at < Count)
        {
            if (key < _keys[at])
                SiftUp(at, last, key);
            else
                SiftDown(at, last, key);
        }

        return remaining;
    }

    /// <summary>Reads what an arrival, a departure or a look at a task will need; the number means nothing.</summary>
    internal long Touch() => (long)_keys[0] + (_heap[0]?.Slot ?? 0);

    private void SiftUp(int at, ProcessorTask task, double key)
    {
        while (at > 0)
        {
            var parent = (at - 1) / 2;
            if (_keys[parent] <= key)
                break;

            Put(at, _heap[parent]!, _keys[parent]);
            at = parent;
        }

        Put(at, task, key);
    }

    private void SiftDown(int at, ProcessorTask task, double key)
    {
        while (true)
        {
            var child = at * 2 + 1;
            if (child >= Count)
                break;

            if (child + 1 < Count && _keys[child + 1] < _keys[child])
                child++;

            if (key <= _keys[child])
                break;

            Put(at, _heap[child]!, _keys[child]);
            at = child;
        }

        Put(at, task, key);
    }

    private void Put(int at, ProcessorTask task, double key)
    {
        _heap[at] = task;
        _keys[at] = key;
        task.Slot = at;
    }
}
