using System.Text.Json;
using Isobar.Linux.Criu;
using Isobar.Linux.Criu.Images;
using Isobar.Linux.Terminals;
using Isobar.Protocol.Jobs;
using Isobar.Supervisor.Launching;
using Isobar.Supervisor.Transport;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.Hosting;

// The target of a move.
internal sealed partial class JobHost
{
    private async Task ArriveAsync(PrepareArrival arrival, CancellationToken cancellationToken)
    {
        _place = arrival.Place;
        _decision = NewDecision();
        using var through = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var criu = await CriuLocator.FindAsync(cancellationToken).ConfigureAwait(false);
            _root = await RootAsync().ConfigureAwait(false);
            _folders.MakeRoomForImages();
            _here.Expected = arrival.Ticket;
            await _reports.SendAsync(new ReadyToReceive(), cancellationToken).ConfigureAwait(false);
            var trailer = await ReceiveAsync(through.Token, cancellationToken).ConfigureAwait(false);
            await RestoreAsync(criu, arrival, trailer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CriuException or IOException or UnauthorizedAccessException or InvalidDataException or Isobar.Linux.Fuse.FileViewException)
        {
            await ReportAsync(Failure(arrival.Ticket.Incarnation, e)).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            await ReportAsync(new MoveFailed(arrival.Ticket.Incarnation, "what the source sent is not well-formed; both machines should run the same version of Isobar.")).ConfigureAwait(false);
        }
        finally
        {
            await through.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<MoveTrailer> ReceiveAsync(CancellationToken restored, CancellationToken cancellationToken)
    {
        await using var stream = await _here.ImagesAsync(cancellationToken).ConfigureAwait(false);
        var paths = await JobTransport.ReadAsync(stream, HostingJson.Default.HeldPaths, cancellationToken).ConfigureAwait(false);
        // Beside all else: the restore waits only for what it comes to before it is known.
        _ = _root!.KeepKnownAsync(paths, forDump: false, restored);
        using var images = new ImageDirectory(_folders.Images);
        await new ImageStreamReader(stream, images).ReceiveAsync(cancellationToken).ConfigureAwait(false);
        GhostFiles.Rename(_folders.Images, JobMounts.SharedMemory);
        await SharedMemoryTree.ReceiveAsync(_folders.SharedMemory, stream, cancellationToken).ConfigureAwait(false);
        return await JobTransport.ReadAsync(stream, HostingJson.Default.MoveTrailer, cancellationToken).ConfigureAwait(false);
    }

    private async Task RestoreAsync(CriuInstallation criu, PrepareArrival arrival, MoveTrailer trailer, CancellationToken cancellationToken)
    {
        var stdio = JobStdio.CreateFor(arrival.Spec);
        var hasTerminal = arrival.Spec.UsesTerminal;
        var inherited = new Dictionary<string, SafeFileHandle>();
        for (var fd = 0; fd < 3; fd++)
        {
            if (trailer.PipeNames[fd] is { } name && stdio.JobEnds[fd] is { } end)
                inherited[name] = end;
        }

        var options = new CriuRestoreOptions
        {
            ImageDirectory = _folders.Images,
            WorkDirectory = _folders.Work,
            Root = _root!.Path,
            Externals = [.. JobMounts.ForRestore(arrival.Place, _root.Path, _folders.SharedMemory, _root.AtHome)],
            InheritedDescriptors = inherited,
            OrphanTerminal = hasTerminal,
        };
        var clock = System.Diagnostics.Stopwatch.StartNew();
        CriuRestoreResult result;
        try
        {
            result = await CriuRestore.RunAsync(criu, options, BeforeResumeAsync, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            stdio.Dispose();
            throw;
        }

        stdio.JobEnds.Dispose();
        _job = new JobProcess(result.Init, stdio, trailer.Main);
        _streams = new JobStreams(stdio, _link);
        _streams.PutTyped(trailer.TypedAhead);
        _streams.Start();
        await _reports.SendAsync(new Resumed(), cancellationToken).ConfigureAwait(false);
        _folders.DropImages();
        WatchJob();

        async Task<bool> BeforeResumeAsync(CriuRestored restored, CancellationToken giveUp)
        {
            if (restored.TerminalMaster is { } master)
            {
                stdio.TakeTerminal(master);
                if (trailer.Columns > 0)
                    Terminal.SetWindow(master, trailer.Columns, trailer.Rows);
            }

            await _reports.SendAsync(new Arrived(clock.Elapsed.TotalSeconds), giveUp).ConfigureAwait(false);
            return await _decision!.Task.WaitAsync(giveUp).ConfigureAwait(false);
        }
    }
}
