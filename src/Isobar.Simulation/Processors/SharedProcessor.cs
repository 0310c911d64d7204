using Isobar.Balancing.Load;

namespace Isobar.Simulation.Processors;

/// <summary>
/// A machine's cores shared equally among the tasks that are ready (egalitarian processor sharing): with n tasks each is served at
/// rate (sum of the speeds of the n fastest cores) / n / drag. Since all tasks are served alike, an arrival or departure costs O(log n), and the result is exact, not
/// stepped (<see cref="TaskQueue"/>). Tasks in the background share alike what the others leave: the cores that these have no use for. That is what Linux comes near to with
/// threads of the policy SCHED_IDLE, whose weight is 3 to 1024.
/// </summary>
public sealed class SharedProcessor
{
    private readonly TaskQueue _foreground = new();
    private TaskQueue? _background;
    private CoreSet _cores;
    private double _drag = 1;

    /// <param name="cores">The machine's cores; n tasks share the n fastest. One task never uses more than one.</param>
    public SharedProcessor(CoreSet cores)
    {
        ArgumentNullException.ThrowIfNull(cores);
        _cores = cores;
    }

    /// <summary>The machine's cores. Call <see cref="AdvanceTo"/> before changing them.</summary>
    public CoreSet Cores
    {
        get => _cores;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _cores = value;
        }
    }

    /// <summary>Number of tasks that are ready (running or waiting for a core).</summary>
    public int Count => _foreground.Count + (_background?.Count ?? 0);

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

    /// <summary>Work per second that each ready task gets at present if all share alike; what one task would get when there is none.</summary>
    public double Rate => Count <= 1 ? _cores.Fastest / _drag : _cores.FastestSum(Count) / (Count * _drag);

    /// <summary>The task that will finish first, if any.</summary>
    public ProcessorTask? First => FinishOf(_background, BackgroundRate) < FinishOf(_foreground, ForegroundRate) ? _background!.First : _foreground.First ?? _background?.First;

    /// <summary>When the first task will finish if nothing changes; positive infinity when there is none.</summary>
    public double FirstFinish => Math.Min(FinishOf(_foreground, ForegroundRate), FinishOf(_background, BackgroundRate));

    private double ForegroundRate => _foreground.Count <= 1 ? _cores.Fastest / _drag : _cores.FastestSum(_foreground.Count) / (_foreground.Count * _drag);

    private double BackgroundRate => _background is { Count: > 0 } queue ? (_cores.FastestSum(Count) - _cores.FastestSum(_foreground.Count)) / (queue.Count * _drag) : 0;

    /// <summary>Work per second that a ready task gets at present.</summary>
    public double RateOf(ProcessorTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.IsBackground ? BackgroundRate : ForegroundRate;
    }

    /// <summary>Accounts for the service up to a time, which must not lie before <see cref="Now"/>.</summary>
    public void AdvanceTo(double time)
    {
        var elapsed = time - Now;
        if (elapsed <= 0)
            return;

        if (Count > 0)
        {
            _background?.Serve(elapsed * BackgroundRate);
            _foreground.Serve(elapsed * ForegroundRate);
            BusyCoreSeconds += elapsed * Math.Min(Count, _cores.Count);
            ReadyTaskSeconds += elapsed * Count;
        }

        Now = time;
    }

    /// <summary>Work that a task of this processor has still to do, in seconds of a standard core.</summary>
    public double Remaining(ProcessorTask task) => QueueOf(task).Remaining(task);

    /// <summary>Adds a task with so much work, in seconds of a standard core. The processor must have been advanced to the present.</summary>
    /// <param name="task">The task.</param>
    /// <param name="work">Its work.</param>
    /// <param name="isBackground">It gets only what the others leave.</param>
    public void Add(ProcessorTask task, double work, bool isBackground = false)
    {
        ArgumentNullException.ThrowIfNull(task);
        task.IsBackground = isBackground;
        if (isBackground)
            _background ??= new TaskQueue();
        QueueOf(task).Add(task, work);
    }

    /// <summary>Takes a task out and returns the work that it has still to do. The processor must have been advanced to the present.</summary>
    public double Remove(ProcessorTask task) => QueueOf(task).Remove(task);

    /// <summary>Reads what an arrival, a departure or a look at a task will need; the number means nothing.</summary>
    internal long Touch() => _foreground.Touch();

    private TaskQueue QueueOf(ProcessorTask task) => task.IsBackground ? _background! : _foreground;

    private double FinishOf(TaskQueue? queue, double rate) =>
        queue is not { Count: > 0 } ? double.PositiveInfinity : rate > 0 ? Now + queue.LeastRemaining / rate : double.PositiveInfinity;
}
