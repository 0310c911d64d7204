using Isobar.Linux.Fuse.Wire;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse.Home;

/// <summary>One guest's use of the home's files, over all its connections.</summary>
internal sealed class HomeSession(Guid id, ulong incarnation, ServedTree tree)
{
    private readonly Lock _gate = new();
    private readonly HomeChannel[] _channels = [new HomeChannel(), new HomeChannel()];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _threads;
    private bool _closing;

    public Guid Id => id;

    public ulong Incarnation => incarnation;

    public ServedTree Tree => tree;

    /// <summary>Done when the session is closed and the last request of it has ended: from then on it changes nothing.</summary>
    public Task Ended => _ended.Task;

    public bool IsClosing
    {
        get
        {
            lock (_gate)
                return _closing;
        }
    }

    public HomeChannel Channel(ChannelKind kind) => _channels[(int)kind];

    /// <summary>A thread begins to work for this session; false if the session is closed.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_closing)
                return false;
            _threads++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (--_threads > 0 || !_closing)
                return;
        }

        Finish();
    }

    /// <summary>Ends the session: its connections are cut and nothing new is begun.</summary>
    public void Close()
    {
        bool idle;
        lock (_gate)
        {
            if (_closing)
                return;
            _closing = true;
            idle = _threads == 0;
        }

        foreach (var channel in _channels)
            channel.Close();
        if (idle)
            Finish();
    }

    private void Finish()
    {
        tree.Dispose();
        // Often on a worker, which acts as the job's user.
        Posts.Add(() => _ended.TrySetResult());
    }
}
