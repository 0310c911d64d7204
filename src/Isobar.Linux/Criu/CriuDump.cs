using System.Diagnostics;
using Isobar.Linux.Criu.Images;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Criu;

/// <summary>What became of the job's tasks on this machine.</summary>
public enum DumpOutcome
{
    /// <summary>They were killed without running a further instruction.</summary>
    Killed,

    /// <summary>They run on as if nothing had happened.</summary>
    RunsOn,
}

/// <param name="Outcome">What became of the tasks.</param>
/// <param name="ImageBytes">Sum of all images in bytes.</param>
/// <param name="UntilFrozenPoint">From the start of CRIU until all images were handed to the sink.</param>
/// <param name="Total">From the start of CRIU until it had ended and the tasks were dead or ran again.</param>
/// <param name="Statistics">CRIU's own, when the tasks were killed.</param>
public sealed record CriuDumpResult(DumpOutcome Outcome, long ImageBytes, TimeSpan UntilFrozenPoint, TimeSpan Total, CriuStatistics? Statistics);

/// <summary>
/// Dumps a job and streams its images to a sink. The tasks stay stopped by CRIU's ptrace while CRIU waits for the result of its post-dump
/// script (cr_dump_finish in criu/cr-dump.c): success and it kills them, anything else and it lets them run on. They also run on when this
/// process dies, which makes the script fail (see <see cref="FrozenPoint"/>; a script killed by a signal counts as failed, too), and when CRIU
/// itself dies, since it seizes them without PTRACE_O_EXITKILL.
/// </summary>
public static class CriuDump
{
    /// <summary>Runs the dump. Whenever this throws, the tasks run on here.</summary>
    /// <param name="criu">The CRIU to use.</param>
    /// <param name="options">What to dump.</param>
    /// <param name="sink">Takes the images; an exception of it ends the dump.</param>
    /// <param name="atFrozenPoint">
    /// Called once the sink has completed, with the tasks still frozen. True lets CRIU kill the tasks here, and then they are dead when this
    /// returns, come what may; false lets them run on, and so does an exception, which comes out of here.
    /// </param>
    /// <param name="cancellationToken">Heeded until <paramref name="atFrozenPoint"/> returns: the tasks run on and nothing is left behind.</param>
    /// <exception cref="CriuException">The job cannot be dumped.</exception>
    public static async Task<CriuDumpResult> RunAsync(
        CriuInstallation criu, CriuDumpOptions options, IImageSink sink, Func<CancellationToken, Task<bool>> atFrozenPoint, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var time = Stopwatch.StartNew();
        using var init = PidFd.TryOpen(options.InitPid) ?? throw Ended();
        using var directory = FileDescriptor.Open(options.WorkDirectory, LibC.OpenDirectory);
        using var capture = new ImageCapture(directory);
        using var point = new FrozenPoint(capture.Finished);
        using var process = CriuDumpCommand.Start(criu, options, directory, point.ScriptPath);
        using var registration = cancellationToken.Register(capture.Abort);

        // Killing CRIU could leave its code in the tasks: whatever happens, it is made to give up by itself and waited for.
        var pumping = ImagePump.RunAsync(capture, sink, cancellationToken);
        bool? decision = null;
        Exception? failure = null;
        var untilFrozenPoint = TimeSpan.Zero;
        try
        {
            if (await Task.WhenAny(capture.Drained, process.WaitAsync(CancellationToken.None)).ConfigureAwait(false) == capture.Drained)
            {
                await pumping.ConfigureAwait(false);
                await sink.CompleteAsync(cancellationToken).ConfigureAwait(false);
                untilFrozenPoint = time.Elapsed;
                decision = await atFrozenPoint(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        point.Answer(decision == true);
        var exit = await process.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        capture.Abort();
        await pumping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        failure ??= pumping.Exception?.InnerException;

        switch (decision)
        {
            case true:
                // The job is elsewhere now. Should CRIU have failed in its last steps, its tasks must not wake up here.
                PidFd.Signal(init, 9);
                return new CriuDumpResult(DumpOutcome.Killed, capture.Bytes, untilFrozenPoint, time.Elapsed, CriuStatistics.Read(options.WorkDirectory));
            case false:
                return new CriuDumpResult(DumpOutcome.RunsOn, capture.Bytes, untilFrozenPoint, time.Elapsed, null);
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw Explain(failure, exit, options);
    }

    private static CriuException Ended() => new("The job ended before it could be moved.");

    private static Exception Explain(Exception? failure, ExitStatus exit, CriuDumpOptions options)
    {
        var log = Path.Combine(options.WorkDirectory, CriuDumpCommand.LogName);
        var errors = CriuLog.Errors(log);
        switch (failure)
        {
            // The sink's or the callback's own, whose message is for the user already; CRIU's errors are only its echo.
            case not null and not OperationCanceledException:
                return failure;
            default:
                // CRIU's errors are then about tasks that vanish under its hands.
                if (ProcFs.Stat(options.InitPid) is null or { IsZombie: true })
                    return Ended();
                return new CriuException(CriuFailure.Explain(errors, "dump", exit), CriuLog.Tail(log), failure) { MayPass = CriuFailure.MayPass(errors) };
        }
    }
}
