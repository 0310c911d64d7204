using System.Diagnostics;
using Isobar.Linux.Criu.Rpc;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu;

/// <summary>
/// Restores a job by CRIU's RPC as a child of this process (rst_sibling).
/// The last point before the tasks run is pre-resume (restore_root_task in criu/cr-restore.c). At post-restore everything is rebuilt, but
/// credentials, network unlock and the catching of all threads at their sigreturn are still to come, and can fail. At pre-resume each thread
/// stands in a ptrace stop behind its sigreturn, its memory already its own; what is left is writing registers and detaching. CRIU honours a
/// refusal at post-restore but ignores one at pre-resume: there we kill the tree ourselves; SIGKILL takes a task out of its ptrace stop
/// without letting it run. And then CRIU, instead of answering it: from catching the tasks on, its own way to give up waits for an init
/// whose dead children only CRIU, their tracer, could reap (out_kill in restore_root_task), for ever.
/// </summary>
public static class CriuRestore
{
    /// <summary>Runs the restore. Whenever this throws, the restored tree is dead and has not run a single instruction of its own.</summary>
    /// <param name="criu">The CRIU to use.</param>
    /// <param name="options">What to restore.</param>
    /// <param name="beforeResume">Called when only starting the tasks is left. False or an exception kills them instead.</param>
    /// <param name="cancellationToken">Heeded until <paramref name="beforeResume"/> returns.</param>
    /// <exception cref="CriuException">The job cannot be restored, or <paramref name="beforeResume"/> returned false.</exception>
    public static async Task<CriuRestoreResult> RunAsync(
        CriuInstallation criu, CriuRestoreOptions options, Func<CriuRestored, CancellationToken, Task<bool>> beforeResume, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var images = FileDescriptor.Open(options.ImageDirectory, LibC.OpenDirectory);
        using var work = FileDescriptor.Open(options.WorkDirectory, LibC.OpenDirectory);
        var inherited = options.InheritedDescriptors.Select((pair, i) => (pair.Key, Fd: CriuWorker.FirstInherited + i)).ToList();
        RestoreCall call;
        CriuResponse? answer;
        ChildProcess process;
        await using (var worker = CriuWorker.Start(criu, [.. options.InheritedDescriptors.Values]))
        {
            process = worker.Process;
            using var ofCall = call = new RestoreCall(worker, beforeResume, cancellationToken);
            using var registration = cancellationToken.Register(call.GiveUp);
            var request = CriuRequest.Restore(options, FileDescriptor.Number(images), FileDescriptor.Number(work), inherited);
            answer = await worker.AskAsync(request, call.OnNotificationAsync).ConfigureAwait(false);
        }

        if (call.Accepted && answer is { Success: true })
            return call.Result();
        await call.BuryAsync(answer).ConfigureAwait(false);
        throw Explain(call, answer, await process.WaitAsync(CancellationToken.None).ConfigureAwait(false), options, cancellationToken);
    }

    private static Exception Explain(RestoreCall call, CriuResponse? answer, ExitStatus exit, CriuRestoreOptions options, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return new OperationCanceledException(cancellationToken);
        var log = Path.Combine(options.WorkDirectory, "restore.log");
        if (call.Refused)
            return new CriuException("The restored job was not allowed to start; it goes on where it was.", CriuLog.Tail(log), call.Failure);
        List<string> errors = [.. CriuLog.Errors(log)];
        if (answer?.ErrorText is { } text)
            errors.Add(text);
        return new CriuException(CriuFailure.Explain(errors, "restore", exit), CriuLog.Tail(log)) { MayPass = CriuFailure.MayPass(errors) };
    }

    /// <summary>State of one restore, between CRIU's notifications and the caller.</summary>
    private sealed class RestoreCall(CriuWorker worker, Func<CriuRestored, CancellationToken, Task<bool>> beforeResume, CancellationToken cancellationToken) : IDisposable
    {
        // Milliseconds are usual between post-restore and pre-resume, and between a cancellation and CRIU's end.
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
        private static readonly TimeSpan PatienceAfterCancelling = TimeSpan.FromSeconds(2);

        private readonly CancellationTokenSource _hanging = new();
        private readonly Stopwatch _time = Stopwatch.StartNew();
        private TimeSpan _untilReady;
        private SafeFileHandle? _terminalMaster;
        private SafeFileHandle? _initFd;
        private ResumeGuard? _guard;
        private int _init = -1;

        public bool Accepted { get; private set; }

        public bool Refused { get; private set; }

        public Exception? Failure { get; private set; }

        public async ValueTask<bool> OnNotificationAsync(CriuResponse notification)
        {
            switch (notification.NotificationScript)
            {
                case "orphan-pts-master":
                    _terminalMaster = notification.Descriptor;
                    break;
                case "setup-namespaces":
                    Know(notification.Pid);
                    break;
                case "post-restore":
                    Know(notification.Pid);
                    if (cancellationToken.IsCancellationRequested)
                        return false;
                    _guard = ResumeGuard.Start(ProcessTree.Descend(_init), worker);
                    _hanging.Token.Register(KillAll);
                    _hanging.CancelAfter(Patience);
                    break;
                case "pre-resume":
                    await DecideAsync().ConfigureAwait(false);
                    return Accepted;
                case "post-resume":
                    return true;
            }

            return !cancellationToken.IsCancellationRequested;
        }

        /// <summary>Cancelled: CRIU hears of it with the next notification; a tree that exists already is killed at once.</summary>
        public void GiveUp()
        {
            if (Accepted)
                return;
            Kill();
            _hanging.Token.Register(KillAll);
            _hanging.CancelAfter(PatienceAfterCancelling);
        }

        public void Dispose() => _hanging.Dispose();

        public CriuRestoreResult Result()
        {
            _guard?.Dispose();
            _initFd?.Dispose();

            // Only now: until CRIU has ended the number must not be given back, since CRIU might still kill by it.
            return new CriuRestoreResult(ChildProcess.Adopt(_init), _terminalMaster, _untilReady, _time.Elapsed);
        }

        /// <summary>Makes sure that nothing of the tree is left, not even a zombie.</summary>
        public async Task BuryAsync(CriuResponse? answer)
        {
            var pid = _init > 0 ? _init : answer?.Pid ?? -1;
            _guard?.Dispose();
            _terminalMaster?.Dispose();
            Kill();
            _initFd?.Dispose();
            if (pid <= 0 || ProcFs.Stat(pid)?.ParentPid != Environment.ProcessId)
                return;
            using var init = ChildProcess.Adopt(pid);
            init.Signal(9);
            await init.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        private void Know(int pid)
        {
            if (_init > 0 || pid <= 0)
                return;
            _init = pid;
            _initFd = PidFd.TryOpen(pid);
            if (cancellationToken.IsCancellationRequested)
                Kill();
        }

        private async Task DecideAsync()
        {
            _untilReady = _time.Elapsed;
            _hanging.CancelAfter(Timeout.Infinite);
            var accepted = false;
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                accepted = await beforeResume(new CriuRestored(_init, _terminalMaster), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // Whatever it was, CRIU has to be answered.
                Failure = e;
            }

            if (accepted)
            {
                Accepted = true;
                _guard?.Release();
                return;
            }

            Refused = true;
            KillAll();
        }

        private void KillAll()
        {
            if (Accepted)
                return;
            Kill();
            worker.Process.Signal(9);
        }

        // Init's death kills the others only after a moment, in which CRIU could detach from one: so each is killed by itself.
        private void Kill()
        {
            if (_initFd is not { IsClosed: false } initFd || !PidFd.Signal(initFd, 9))
                return;
            foreach (var pid in ProcessTree.Descend(_init))
            {
                using var task = PidFd.TryOpen(pid);
                if (task is not null)
                    PidFd.Signal(task, 9);
            }
        }
    }
}
