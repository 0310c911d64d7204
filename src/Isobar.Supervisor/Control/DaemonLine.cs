using System.Text;
using Isobar.Linux.Fuse;
using Isobar.Linux.Kernel;
using Isobar.Linux.Mounts;
using Isobar.Linux.Pipes;
using Isobar.Linux.Processes;
using Isobar.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.Control;

/// <summary>A job to look after: where its configuration is, and the socket at which its callers wait.</summary>
internal sealed record Assignment(string ConfigPath, SafeFileHandle Listener);

/// <summary>
/// The line to the daemon that started this process. On it come jobs, one after the other: most of what a supervisor costs is its own start (its runtime, TLS, the descriptions of
/// its messages), so the next job takes over what the last one has left. A daemon that ends does not disturb the job; without a daemon there is no next one.
/// </summary>
internal sealed class DaemonLine : IDisposable
{
    private const int Descriptor = 3;

    /// <summary>Whatever was overlooked by <see cref="IsClean"/> ends here.</summary>
    private const int MostJobs = 100;

    /// <summary>What one job may leave open of what is made once and kept: epoll instances and the like.</summary>
    private const int DescriptorsKept = 24;

    private const int MostLooks = 20;
    private static readonly TimeSpan TrimAfter = TimeSpan.FromSeconds(10);
    private readonly SafeFileHandle _line = new(Descriptor, ownsHandle: true);
    private readonly int _descriptors = OwnResources.Descriptors;
    private readonly IReadOnlyList<(ulong Soft, ulong Hard)> _limits;
    private int _jobs;

    public DaemonLine()
    {
        // Now, since the first home among its jobs would do it later, and what differs from now is a job's work.
        FileViewServer.RaiseOpenFileLimit();
        _limits = OwnResources.Limits;
    }

    /// <summary>The next job, as soon as there is one; null when there will be none.</summary>
    public async Task<Assignment?> NextAsync()
    {
        // The first is on its way already.
        if (_jobs > 0)
            await IdleAsync().ConfigureAwait(false);
        try
        {
            var text = new byte[4096];
            var length = DescriptorPassing.Receive(Descriptor, text, out var descriptors);
            if (length == 0 || descriptors is not [var listener, ..])
                return null;
            var path = Encoding.UTF8.GetString(text, 0, length);
            // The first one's path is among the arguments.
            if (_jobs++ > 0)
                ProcessTitle.Set($"isobar-supervisor supervise {path}");
            return new Assignment(path, listener);
        }
        catch (KernelException)
        {
            return null;
        }
    }

    /// <summary>Offers this process for another job. False when it must end instead.</summary>
    /// <param name="runDirectory">Of the job that is over.</param>
    public async Task<bool> TryOfferAsync(string runDirectory)
    {
        if (_jobs >= MostJobs || !await IsSoonCleanAsync(runDirectory).ConfigureAwait(false))
            return false;
        ProcessTitle.Set("isobar-supervisor idle");
        try
        {
            DescriptorPassing.Send(Descriptor, [1]);
            return true;
        }
        catch (KernelException)
        {
            // The daemon that started it has ended.
            return false;
        }
    }

    public void Dispose() => _line.Dispose();

    private async Task IdleAsync()
    {
        var ready = Readiness.Shared.ReadableAsync(_line, CancellationToken.None);
        if (await Task.WhenAny(ready, Task.Delay(TrimAfter)).ConfigureAwait(false) != ready)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        await ready.ConfigureAwait(false);
    }

    // A thread that has said that its work is done is still there for a moment.
    private async Task<bool> IsSoonCleanAsync(string runDirectory)
    {
        for (var look = 0; look < MostLooks; look++)
        {
            if (IsClean(runDirectory))
                return true;
            await Task.Delay(look + 1).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>
    /// A next job must not meet anything of the last one: processes, threads that act as its user, limits that he has set (once no thread acts as him, he cannot any more), mounts or open files.
    /// </summary>
    private bool IsClean(string runDirectory) =>
        !OwnResources.HasChildren
        && OwnResources.HasOneIdentity
        && OwnResources.Limits.SequenceEqual(_limits)
        && OwnResources.Descriptors <= _descriptors + DescriptorsKept
        && !MountTable.Read().Any(mount => mount.MountPoint.StartsWith(runDirectory, StringComparison.Ordinal));
}
