using System.Diagnostics;
using Isobar.Linux.Kernel;
using Isobar.Linux.Paging;
using Isobar.Supervisor.Control;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.RemoteMemory;

/// <summary>
/// The process (Native/guard.c) that ends the job, should this one be killed while pages of the job are elsewhere: nobody could bring them any more, and the kernel would give zeros instead. Should it be killed
/// itself, another takes its place.
/// </summary>
internal sealed class PageGuard : IPageGuard, IDisposable
{
    /// <summary>This very program, also when a newer one has taken its name meanwhile.</summary>
    private const string Self = "/proc/self/exe";

    // Forks leave theirs behind when they end: after so many more a new guard gets those that are still of use.
    private const int MostMore = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly SafeFileHandle _init;
    private readonly string _program;
    private List<SafeFileHandle> _held = [];
    private GuardProcess _process;
    private int _renewAt;
    private bool _isOver;

    /// <param name="init">The job's init: with it the kernel ends the whole job.</param>
    /// <param name="program">What to start.</param>
    /// <exception cref="IOException">It cannot be started.</exception>
    public PageGuard(SafeFileHandle init, string program = Self)
    {
        (_init, _program) = (init, program);
        lock (_gate)
            _process = Start();
    }

    /// <summary>The process that guards now.</summary>
    public int Pid
    {
        get
        {
            lock (_gate)
                return _process.Pid;
        }
    }

    public void Hold(SafeFileHandle userFault)
    {
        lock (_gate)
        {
            if (_isOver)
                throw new IOException("nobody guards the job's pages any more.");
            _held.Add(userFault);
            if (_process.Sent >= _renewAt)
            {
                Renew();
                return;
            }

            try
            {
                _process.Send(userFault);
            }
            catch (KernelException)
            {
                Renew();
            }
        }
    }

    public void LetGo()
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            _isOver = true;
            _process.End();
            _held.Clear();
        }
    }

    public void Dispose() => LetGo();

    // Under the lock. One that has all.
    private GuardProcess Start()
    {
        _held = [.. _held.Where(handle => !handle.IsClosed)];
        GuardProcess? made = null;
        try
        {
            made = new GuardProcess(_program);
            made.Send(_init);
            foreach (var handle in _held)
                made.Send(handle);
        }
        catch (KernelException e)
        {
            made?.End();
            throw new IOException($"the process that guards the job's pages cannot be started: {e.Message}", e);
        }

        _renewAt = made.Sent + MostMore;
        _ = StartAgainAsync(made);
        return made;
    }

    // Under the lock. The old one goes only when the new one has all.
    private void Renew()
    {
        var before = _process;
        _process = Start();
        before.End();
    }

    private async Task StartAgainAsync(GuardProcess process)
    {
        var lived = Stopwatch.StartNew();
        await process.EndedAsync().ConfigureAwait(false);
        // One that ends again and again must not take all of a core.
        if (lived.Elapsed < Pause)
            await Task.Delay(Pause).ConfigureAwait(false);
        while (!IsReplaced(process))
            await Task.Delay(Pause).ConfigureAwait(false);
    }

    private bool IsReplaced(GuardProcess process)
    {
        lock (_gate)
        {
            if (_isOver || !ReferenceEquals(_process, process))
                return true;
            try
            {
                Renew();
                return true;
            }
            catch (IOException e)
            {
                DaemonJournal.Write(e.Message);
                return false;
            }
        }
    }
}
