using Isobar.Linux.Criu;
using Isobar.Protocol.Jobs;
using Isobar.Supervisor.RemoteMemory;

namespace Isobar.Supervisor.Hosting;

// Pages of the job in other machines' memory.
internal sealed partial class JobHost
{
    private readonly SemaphoreSlim _pagesGate = new(1);
    private JobPages? _pages;
    private PagesElsewhere? _elsewhere;

    private async Task PushPagesAsync(PushPages order, CancellationToken cancellationToken)
    {
        var report = new PagesPushed(0, "the job is just ending or moving.");
        await _pagesGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_moving && _job is { Init.HasExited: false } job && _place is { } place)
            {
                _pages ??= new JobPages(_here, place.Id, job);
                report = new PagesPushed(await _pages.PushAsync(order, () => _moving || cancellationToken.IsCancellationRequested, cancellationToken).ConfigureAwait(false), null);
            }
        }
        catch (IOException e)
        {
            report = new PagesPushed(0, e.Message);
        }
        finally
        {
            _pagesGate.Release();
        }

        await ReportAsync(report).ConfigureAwait(false);
    }

    /// <summary>CRIU cannot dump a process whose missing pages somebody else answers for; after the move nothing of the job is elsewhere.</summary>
    /// <exception cref="CriuException">They cannot come back; the job goes on as it is.</exception>
    private async Task BringPagesHomeAsync(CancellationToken cancellationToken)
    {
        await _pagesGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_pages is not { } pages)
                return;
            await Task.Factory.StartNew(pages.BringHome, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            pages.Dispose();
            _pages = null;
        }
        catch (IOException e)
        {
            throw new CriuException(e.Message);
        }
        finally
        {
            _pagesGate.Release();
        }
    }

    /// <summary>Whether the main process is stopped; null when that cannot be said, for pages are being taken.</summary>
    private bool? MainIsStopped(JobProcess job)
    {
        if (_pages?.IsDisturbing == true)
            return null;
        var isStopped = job.MainIsStopped;
        return _pages?.IsDisturbing == true ? null : isStopped;
    }

    /// <summary>From time to time: what is where. Null when no page is or was elsewhere.</summary>
    private PagesElsewhere? LookAtPages()
    {
        if (!_pagesGate.Wait(TimeSpan.Zero))
            return _elsewhere;
        try
        {
            return _elsewhere = _pages?.Elsewhere;
        }
        finally
        {
            _pagesGate.Release();
        }
    }
}
