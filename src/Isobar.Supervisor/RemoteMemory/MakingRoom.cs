using Isobar.Linux.Load;

namespace Isobar.Supervisor.RemoteMemory;

/// <summary>
/// Sees that a job that has pages elsewhere does not fill the machine before a rule looks again, by pages that come back or by new ones: as in GMS, a page that comes takes the place of one that
/// goes. While memory is short the job gets its pages more slowly, so that those that go keep up.
/// </summary>
internal sealed class MakingRoom : IDisposable
{
    private const double ShortShare = 0.05;
    private const double EnoughShare = 0.08;
    private static readonly TimeSpan Slower = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly ControlGroup _group = ControlGroup.OfSelf();
    private readonly AutoResetEvent _short = new(false);
    private readonly Thread _thread;
    private volatile bool _ends;

    /// <param name="makeRoom">Pushes pages until it is told that it is enough; on a thread of its own, which may trace.</param>
    public MakingRoom(Action<Func<bool>> makeRoom)
    {
        _thread = new Thread(() => Run(makeRoom)) { IsBackground = true, Name = "room" };
        _thread.Start();
    }

    /// <summary>Memory of this machine now.</summary>
    public MachineMemory Memory => MachineMemory.Read().Within(_group.MemoryLimit, _group.MemoryUsed());

    /// <summary>Some pages have come back: looks whether memory is short, and if so has others go, and waits a little.</summary>
    public void Look()
    {
        if (!IsBelow(ShortShare))
            return;
        _short.Set();
        Thread.Sleep(Slower);
    }

    /// <summary>No room is made any more.</summary>
    public void End()
    {
        _ends = true;
        _short.Set();
    }

    public void Dispose()
    {
        End();
        _thread.Join();
        _group.Dispose();
        _short.Dispose();
    }

    private void Run(Action<Func<bool>> makeRoom)
    {
        while (!_ends)
        {
            _short.WaitOne(LookEvery);
            if (!_ends && IsBelow(ShortShare))
                makeRoom(() => _ends || !IsBelow(EnoughShare));
        }
    }

    private bool IsBelow(double share)
    {
        var memory = Memory;
        return memory.AvailableBytes < share * memory.TotalBytes;
    }
}
