namespace Isobar.Simulation.Processors;

/// <summary>
/// Tasks that are served alike, first to finish first. One number is enough to know what each has received: the virtual service time V, which grows at the rate at
/// which each is served. A task that joins at V with work w leaves when V reaches V + w, whatever joins or leaves meanwhile
/// (virtual time of fair queueing: Demers, Keshav, Shenker 1989; Parekh and Gallager 1993).
/// </summary>
internal sealed class TaskQueue
{
    private ProcessorTask?[] _heap = new ProcessorTask?[4];
    private double[] _keys = new double[4];
    private double _virtual;

    public int Count { get; private set; }

    public ProcessorTask? First => Count == 0 ? null : _heap[0];

    /// <summary>Work that the first task has still to do; meaningless when there is none.</summary>
    public double LeastRemaining => Math.Max(0, _keys[0] - _virtual);

    /// <summary>Serves each task so much.</summary>
    public void Serve(double work) => _virtual += work;

    public double Remaining(ProcessorTask task) => Math.Max(0, _keys[task.Slot] - _virtual);

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

    /// <summary>Takes a task out and returns the work that it has still to do.</summary>
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
    public long Touch() => (long)_keys[0] + (_heap[0]?.Slot ?? 0);

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
