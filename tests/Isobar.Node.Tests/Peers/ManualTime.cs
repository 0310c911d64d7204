namespace Isobar.Node.Tests.Peers;

/// <summary>Time that goes on only when the test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Alarm> _alarms = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many wait for a time to come.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _alarms.Count;
        }
    }

    public override long GetTimestamp() => _now.Ticks;

    public void Advance(TimeSpan step)
    {
        List<Alarm> due;
        lock (_gate)
        {
            _now += step;
            due = _alarms.FindAll(alarm => alarm.At <= _now);
            _alarms.RemoveAll(due.Contains);
        }

        due.ForEach(alarm => alarm.Ring());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            var alarm = new Alarm(this, _now + dueTime, () => callback(state));
            _alarms.Add(alarm);
            return alarm;
        }
    }

    private sealed class Alarm(ManualTime time, TimeSpan at, Action ring) : ITimer
    {
        public TimeSpan At => at;

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose()
        {
            lock (time._gate)
                time._alarms.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
