using System.Diagnostics;
using Isobar.Linux.Criu;
using Isobar.Linux.Criu.Images;
using Isobar.Linux.Fuse;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Isobar.Linux.Terminals;
using Isobar.Protocol.Jobs;
using Isobar.Supervisor.Launching;
using Isobar.Supervisor.Transport;

namespace Isobar.Supervisor.Hosting;

// The source of a move.
internal sealed partial class JobHost
{
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(200);
    private volatile bool _moving;
    private volatile bool _left;
    private TaskCompletionSource<bool>? _decision;

    private async Task MoveOutAsync(MoveOut move, CancellationToken cancellationToken)
    {
        var incarnation = move.Ticket.Incarnation;
        if (_job is not { } job || job.Init.HasExited || _place is not { } place || _here.Identity is not { } identity)
        {
            await ReportAsync(new MoveFailed(incarnation, "the job has just ended.")).ConfigureAwait(false);
            await ReportAsync(new Stayed(incarnation)).ConfigureAwait(false);
            return;
        }

        StartMoving(job);
        _decision = NewDecision();
        using var through = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var criu = await CriuLocator.FindAsync(cancellationToken).ConfigureAwait(false);
            await BringPagesHomeAsync(cancellationToken).ConfigureAwait(false);
            var folders = await FolderWalk.EndedAsync(job, cancellationToken).ConfigureAwait(false);
            var processes = job.All;
            await _root!.FreshenNamesAsync(processes, cancellationToken).ConfigureAwait(false);
            if (await LinkRemaps.ExpectedAsync(processes, cancellationToken).ConfigureAwait(false) is { Count: > 0 } links)
                await _reports.SendAsync(new MayLink([.. links.Select(file => new LinkedFile(file.Folder, file.Inode))]), cancellationToken).ConfigureAwait(false);
            var paths = await Task.Run(() => HeldPaths.Of(processes), cancellationToken).ConfigureAwait(false);
            var known = _root.KeepKnownAsync(paths, forDump: true, through.Token);
            var opening = new TransportOpening(place.Id, incarnation, _here.Node, move.Ticket.Secret);
            await using var stream = await JobTransport.DialAsync(
                identity, move.TargetAddress, move.TargetNode, JobTransport.MoveRole(incarnation), opening, cancellationToken).ConfigureAwait(false);
            await JobTransport.WriteAsync(stream, paths, HostingJson.Default.HeldPaths, cancellationToken).ConfigureAwait(false);
            await known.WaitAsync(cancellationToken).ConfigureAwait(false);
            var writer = new ImageStreamWriter(stream);
            var estimate = ProcessTree.EstimateDumpBytes(job.All);
            var departure = new Departure(this, job, folders, stream, writer, incarnation);
            using var progressEnds = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var progress = ReportProgressAsync(writer, estimate, progressEnds.Token);
            try
            {
                // The last word of what it used here: restored processes begin at nought.
                await _reports.SendAsync(job.MeasureUsage(), cancellationToken).ConfigureAwait(false);
                var real = CriuIdentity.Needed(job.Init.Pid);
                if (real is not null)
                    await CriuIdentity.PrepareAsync(criu, cancellationToken).ConfigureAwait(false);
                var options = new CriuDumpOptions
                {
                    RealIdentity = real,
                    InitPid = job.Init.Pid,
                    WorkDirectory = _folders.Work,
                    Externals = [.. JobMounts.ForDump(place)],
                    OrphanTerminal = job.Stdio.Terminal is not null,
                };
                var result = await CriuDump.RunAsync(criu, options, writer, departure.AtFrozenPointAsync, cancellationToken).ConfigureAwait(false);
                _left = result.Outcome == DumpOutcome.Killed;
            }
            finally
            {
                await progressEnds.CancelAsync().ConfigureAwait(false);
                await progress.ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is CriuException or IOException or TransportRefusedException or OperationCanceledException)
        {
            if (!cancellationToken.IsCancellationRequested)
                await ReportAsync(Failure(incarnation, e)).ConfigureAwait(false);
        }
        finally
        {
            _moving = false;
            await through.CancelAsync().ConfigureAwait(false);
        }

        if (_left)
        {
            await _ended.CancelAsync().ConfigureAwait(false);
            return;
        }

        TakeWeight(job);
        await ReportAsync(new Stayed(incarnation)).ConfigureAwait(false);
    }

    private async Task ReportProgressAsync(ImageStreamWriter writer, long estimate, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(ProgressEvery, cancellationToken).ConfigureAwait(false);
                await _reports.SendAsync(new MoveProgress(writer.Bytes, Math.Max(estimate, writer.Bytes)), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Sent, or the deputy is gone.
        }
    }

    private static MoveFailed Failure(int incarnation, Exception e) => new(incarnation, e.Message, (e as CriuException)?.LogTail, e is CriuException, e is CriuException { MayPass: true });

    private async Task ReportAsync(HostMessage message)
    {
        try
        {
            await _reports.SendAsync(message).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The deputy is gone.
        }
    }

    private static TaskCompletionSource<bool> NewDecision() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The job is frozen and its images are sent: the rest follows, then the home decides.</summary>
    private sealed class Departure(JobHost host, JobProcess job, OpenFolders folders, Stream stream, ImageStreamWriter writer, int incarnation)
    {
        // From just before CRIU is started, some milliseconds before it stops the first task: the freeze is told rather too long than too short.
        private readonly Stopwatch _frozen = Stopwatch.StartNew();

        public async Task<bool> AtFrozenPointAsync(CancellationToken cancellationToken)
        {
            FolderWalk.MustNotHaveBegun(job, folders);
            var drained = await host._streams!.DrainAsync($"/proc/{job.Init.Pid}/root/dev/pts").ConfigureAwait(false);
            var committed = false;
            try
            {
                // What the job wrote into mapped files must be at home before it is mapped elsewhere.
                await host._root!.SyncAsync(cancellationToken).ConfigureAwait(false);
                var shared = await SharedMemoryTree.SendAsync(host._folders.SharedMemory, stream, cancellationToken).ConfigureAwait(false);
                var window = job.Stdio.Terminal is { } terminal ? Terminal.Window(FileDescriptor.Number(terminal.Handle)) : null;
                var trailer = new MoveTrailer(job.Stdio.PipeNames, job.MainInside, drained.TypedAhead, window?.Columns ?? 0, window?.Rows ?? 0);
                await JobTransport.WriteAsync(stream, trailer, HostingJson.Default.MoveTrailer, cancellationToken).ConfigureAwait(false);
                byte[] unread = [.. drained.UnreadPipe, .. drained.PendingInput];
                await host._reports.SendAsync(
                    new Sent(incarnation, unread, drained.InputTaken, drained.Output, drained.Error, writer.Bytes + shared, _frozen.Elapsed.TotalSeconds), cancellationToken).ConfigureAwait(false);
                committed = await host._decision!.Task.ConfigureAwait(false);
                // Before CRIU kills what is here: its end must not be taken for the job's.
                host._left |= committed;
                return committed;
            }
            finally
            {
                if (!committed)
                    host._streams.Restart(drained);
            }
        }
    }
}
