using System.Globalization;
using System.Text.Json;
using Isobar.Linux.Processes;
using Isobar.Linux.Threads;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Supervisor.Control;
using Isobar.Supervisor.Launching;

namespace Isobar.Supervisor.Hosting;

/// <summary>
/// The supervisor's part beside a running job, at home or on another node: parent of its processes, holder of its pipes or terminal, driver of its moves.
/// It does what the deputy tells it over the link, and nothing on its own but to freeze the job when the home is silent for too long.
/// </summary>
internal sealed partial class JobHost : IDisposable
{
    // Somebody at a terminal waits for his prompt after Ctrl-Z; for the many jobs without one each look costs more than it tells.
    private static readonly TimeSpan LookEveryOnTerminals = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UsageEvery = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan OutputAfterEnd = TimeSpan.FromSeconds(2);

    private readonly HostPlace _here;
    private readonly ResumableLink _link;
    private readonly MessageStream<DeputyMessage> _orders;
    private readonly MessageStream<HostMessage> _reports;
    private readonly HostFolders _folders;
    private readonly CancellationTokenSource _ended = new();
    private readonly List<Task> _running = [];
    private JobPlace? _place;
    private Task<IJobRoot>? _opening;
    private IJobRoot? _root;
    private JobProcess? _job;
    private JobStreams? _streams;

    public JobHost(HostPlace here, ResumableLink link)
    {
        _here = here;
        _link = link;
        _orders = new MessageStream<DeputyMessage>(link[JobChannels.Control], JobJson.Default.DeputyMessage);
        _reports = new MessageStream<HostMessage>(link[JobChannels.Control], JobJson.Default.HostMessage);
        _folders = new HostFolders(here.RunDirectory, here.Incarnation);
    }

    /// <summary>Does what the deputy says until the job has ended here, has left, or the deputy has no more use for this host.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        // Whatever a guest is started for, it needs the home's files: they are called for while the first order is still on its way.
        if (!_here.AtHome)
            _ = RootAsync();
        try
        {
            while (await NextOrderAsync(either.Token).ConfigureAwait(false) is { } order and not Dismiss)
                await ObeyAsync(order, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The job has ended or left.
        }
        catch (LinkClosedException)
        {
            // The deputy is gone for good: so is the job.
        }
        finally
        {
            await CleanUpAsync().ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _ended.Dispose();
        _orders.Dispose();
        _reports.Dispose();
        _pagesGate.Dispose();
    }

    /// <summary>One that cannot be understood is no reason to end the job; who waits for it to be obeyed does not wait for ever.</summary>
    private async Task<DeputyMessage?> NextOrderAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await _orders.ReceiveAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                DaemonJournal.Write($"an order is not understood: {e.Message}");
            }
        }
    }

    private async Task ObeyAsync(DeputyMessage order, CancellationToken cancellationToken)
    {
        switch (order)
        {
            case Launch launch:
                await LaunchAsync(launch, cancellationToken).ConfigureAwait(false);
                break;
            case PrepareArrival arrival:
                _running.Add(ArriveAsync(arrival, _ended.Token));
                break;
            case MoveOut move:
                _running.Add(MoveOutAsync(move, _ended.Token));
                break;
            case Decide decision:
                _decision?.TrySetResult(decision.Commit);
                break;
            case SignalJob signal:
                _job?.Signal(signal.Signal, signal.Scope);
                break;
            case ResizeWindow { Size: var size } when _job?.Stdio.Terminal is { } terminal:
                Isobar.Linux.Terminals.Terminal.SetWindow(terminal.Handle, size.Columns, size.Rows);
                break;
            case HoldJob hold:
                Hold(hold.Still);
                SetBackground(hold.Background);
                break;
            case PushPages push:
                _running.Add(PushPagesAsync(push, _ended.Token));
                break;
            case HangUp:
                HangUpJob();
                break;
            default:
                break;
        }
    }

    /// <summary>The job's files, opened once.</summary>
    private Task<IJobRoot> RootAsync() => _opening ??= _here.OpenRootAsync(_folders, _ended.Token);

    private async Task LaunchAsync(Launch launch, CancellationToken cancellationToken)
    {
        _place = launch.Place;
        try
        {
            _root = await RootAsync().ConfigureAwait(false);
            var plan = new LaunchPlan(launch.Spec, launch.Place, _root.Path, _folders.SharedMemory, _root.AtHome);
            var (job, failure) = await JobLauncher.LaunchAsync(plan, cancellationToken).ConfigureAwait(false);
            if (failure is not null)
            {
                await ReportNoLaunchAsync(failure).ConfigureAwait(false);
                return;
            }

            _job = job;
            _streams = new JobStreams(job!.Stdio, _link);
            _streams.Start();
            await _reports.SendAsync(new Launched(), cancellationToken).ConfigureAwait(false);
            WatchJob();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Isobar.Linux.Fuse.FileViewException)
        {
            await ReportNoLaunchAsync(new LaunchFailure(125, e.Message)).ConfigureAwait(false);
        }
    }

    private async Task ReportNoLaunchAsync(LaunchFailure failure)
    {
        _link[JobChannels.Output].Complete();
        _link[JobChannels.Error].Complete();
        await _reports.SendAsync(new LaunchFailed(failure.ExitCode, failure.Reason)).ConfigureAwait(false);
    }

    private void HangUpJob()
    {
        if (_job is not { } job)
            return;
        // Closing the terminal's master makes the kernel send SIGHUP to its session; without one the deputy's user has left a pipe, not a terminal.
        job.Stdio.HangUp();
        if (job.MainIsStopped)
            job.Signal(JobSignal.Continue, SignalScope.All);
    }

    private void WatchJob()
    {
        NoteInit(_job!.Init.Pid);
        TakeWeight(_job);
        _running.Add(WaitForEndAsync(_job!));
        _running.Add(LookAfterAsync(_job!, _ended.Token));
    }

    /// <summary>Should this process be killed, the daemon ends the job by this note: nobody would hold its files and its lease any more.</summary>
    private void NoteInit(int pid) =>
        File.WriteAllText(Path.Combine(_folders.Top, "init"), string.Create(CultureInfo.InvariantCulture, $"{pid} {ProcFs.Stat(pid)?.StartTicks ?? 0}"));

    private async Task WaitForEndAsync(JobProcess job)
    {
        var status = await job.Init.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        if (_left)
            return;
        await _streams!.FinishAsync(OutputAfterEnd).ConfigureAwait(false);
        try
        {
            if (_root is not null)
                await _root.SyncAsync(_ended.Token).ConfigureAwait(false);
            await _reports.SendAsync(new Exited(status.ShellCode, job.Init.CpuTime.TotalSeconds)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The deputy is gone.
        }
    }

    /// <summary>
    /// Tells when the main process is stopped or goes on, and from time to time what the job uses. On a thread of its own: the way over a timer and the pool wakes up three threads for each
    /// look, and for most jobs there is nothing else to do for as long as they live.
    /// </summary>
    private Task LookAfterAsync(JobProcess job, CancellationToken cancellationToken) =>
        WaitingThreads.RunAsync("job", () => LookAfter(job, cancellationToken));

    private void LookAfter(JobProcess job, CancellationToken cancellationToken)
    {
        var stopped = false;
        var every = job.Stdio.Terminal is null ? LookEvery : LookEveryOnTerminals;
        var looksPerUsage = (int)Math.Round(UsageEvery / every);
        var report = Task.CompletedTask;
        for (var look = 1; !job.Init.HasExited && !cancellationToken.WaitHandle.WaitOne(every); look++)
        {
            KeepStill(job);
            // Neither a move nor the lease nor a rule is the user's stop, nor is it over while pages are taken. What cannot be sent yet is seen again.
            if (!_moving && !_standstill.IsOn && report.IsCompleted && MainIsStopped(job) is { } isStopped && isStopped != stopped)
            {
                stopped = isStopped;
                report = ReportUnlessGoneAsync(new MainStopped(stopped));
            }

            if (look % looksPerUsage == 1 && report.IsCompleted)
                report = ReportUnlessGoneAsync(job.MeasureUsage() with { Elsewhere = LookAtPages() });
        }

        async Task ReportUnlessGoneAsync(HostMessage report)
        {
            try
            {
                await _reports.SendAsync(report, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The job left, or the deputy is gone.
            }
        }
    }

    private async Task CleanUpAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        _decision?.TrySetResult(false);
        if (_job is { } job)
        {
            if (!job.Init.HasExited)
                job.Kill();
            await job.Init.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await Task.WhenAny(Task.WhenAll(_running), Task.Delay(OutputAfterEnd)).ConfigureAwait(false);
        _pages?.Dispose();
        _job?.Dispose();
        if (_opening is { } opening)
        {
            // Opened, or given up.
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.IsCompletedSuccessfully)
                await (await opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }

        _folders.Remove();
    }
}
