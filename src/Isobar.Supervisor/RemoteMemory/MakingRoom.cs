using System.Diagnostics;
using Isobar.Linux.Load;
using Isobar.Supervisor.Control;

namespace Isobar.Supervisor.RemoteMemory;

/// <summary>
/// Sees that a job that has pages elsewhere does not fill the machine before a rule looks again, by pages that come back or by new ones: as in GMS, a page that comes takes the place of one that
/// goes. While memory is short the job gets its pages more slowly, so that those that go keep up. From time to time it has forgotten what nobody needs any more.
/// </summary>
internal sealed class MakingRoom : IDisposable
{
    private const double ShortShare = 0.05;
    private const double EnoughShare = 0.08;
    private static readonly TimeSpan Slower = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TidyEvery = TimeSpan.FromSeconds(4);

    private readonly MemoryGauge _memory = new();
    private readonly AutoResetEvent _short = new(false);
    private readonly Thread _thread;
    private volatile bool _ends;

    /// <param name="makeRoom">Pushes pages until it is told that it is enough; on a thread of its own, which may trace.</param>
    /// <param name="tidy">Forgets; on the same thread, since servers are told, which may take seconds.</param>
    public MakingRoom(Action<Func<bool>> makeRoom, Action tidy)
    {
        _thread = new Thread(() => Run(makeRoom, tidy)) { IsBackground = true, Name = "room" };
        _thread.Start();
    }

    /// <summary>Memory of this machine now.</summary>
    public MachineMemory Memory => _memory.Read();

    /// <summary>Some pages have come back: looks whether memory is short, and if so has others go, and waits a little.</summary>
    public void Look()
    {
        if (_ends || !IsBelow(ShortShare))
            return;
        _short.Set();
        Thread.Sleep(Slower);
    }

    /// <summary>No room is made any more; waits until none is being made.</summary>
    public void End()
    {
        _ends = true;
        _short.Set();
        _thread.Join();
    }

    /// <summary>Only when nobody calls <see cref="Look"/> any more.</summary>
    public void Dispose()
    {
        End();
        _memory.Dispose();
        _short.Dispose();
    }

    private void Run(Action<Func<bool>> makeRoom, Action tidy)
    {
        var tidied = Stopwatch.StartNew();
        while (!_ends)
        {
            _short.WaitOne(LookEvery);
            try
            {
                if (!_ends && IsBelow(ShortShare))
                    makeRoom(() => _ends || !IsBelow(EnoughShare));
                if (_ends || tidied.Elapsed < TidyEvery)
                    continue;
                tidied.Restart();
                tidy();
            }
            catch (Exception e)
            {
                // The last line of defence: with this thread the supervisor would end, and the job with it. Tried again at the next look.
                DaemonJournal.Write($"no room was made: {e.Message}");
            }
        }
    }

    private bool IsBelow(double share)
    {
        var memory = Memory;
        return memory.AvailableBytes < share * memory.TotalBytes;
    }
}
