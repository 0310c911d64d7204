using System.Threading.Channels;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Deputies;

/// <summary>What the job is now, and whoever wants to be told when that changes.</summary>
internal sealed class JobStatusBoard(JobStatus first)
{
    private readonly Lock _gate = new();
    private readonly List<Channel<SupervisorEvent>> _watchers = [];

    public JobStatus Current { get; private set; } = first;

    public void Update(Func<JobStatus, JobStatus> change)
    {
        lock (_gate)
        {
            var next = change(Current);
            if (next == Current)
                return;
            Current = next;
            Tell(new StatusChanged(next));
        }
    }

    /// <summary>Tells something that is not part of the status.</summary>
    public void Publish(SupervisorEvent happening)
    {
        lock (_gate)
            Tell(happening);
    }

    /// <summary>The status now, then everything that happens.</summary>
    public ChannelReader<SupervisorEvent> Watch(CancellationToken until)
    {
        var channel = Channel.CreateUnbounded<SupervisorEvent>(new UnboundedChannelOptions { SingleReader = true });
        lock (_gate)
        {
            channel.Writer.TryWrite(new StatusChanged(Current));
            _watchers.Add(channel);
        }

        until.Register(() =>
        {
            lock (_gate)
                _watchers.Remove(channel);
            channel.Writer.TryComplete();
        });
        return channel.Reader;
    }

    private void Tell(SupervisorEvent happening)
    {
        foreach (var watcher in _watchers)
            watcher.Writer.TryWrite(happening);
    }
}
