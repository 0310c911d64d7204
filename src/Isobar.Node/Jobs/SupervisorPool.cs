using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Isobar.Linux.Sockets;
using Isobar.Protocol.Jobs;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Node.Jobs;

/// <summary>
/// Gives each job a supervisor: one that has just looked after another job and has nothing left of it, or a new one. A supervisor looks after one job at a time, and none is kept for long: most of
/// what a short job costs is the start of its supervisors, and a machine at rest has none. The daemon makes the listening socket and hands it over, so that callers can connect at once and wait in
/// the kernel's queue meanwhile.
/// </summary>
public sealed class SupervisorPool : IDisposable
{
    private const int MostIdle = 4;
    private static readonly TimeSpan IdleFor = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly List<Supervisor> _idle = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Has a job looked after, also beyond the end of this daemon.</summary>
    /// <returns>Done when the job is over here: with null, or with how the supervisor ended, if it did.</returns>
    /// <exception cref="JobException">The supervisor's program is not installed.</exception>
    /// <exception cref="KernelException">It cannot be started.</exception>
    internal Task<ExitStatus?> Start(SupervisorConfig config)
    {
        JobFolders.MakeRun(config.RunDirectory);
        var configPath = Path.Combine(config.RunDirectory, JobFolders.ConfigName);
        using (var file = new FileStream(configPath, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
            JsonSerializer.Serialize(file, config, JobJson.Default.SupervisorConfig);

        var socketPath = Path.Combine(config.RunDirectory, JobFolders.SocketName);
        using var listening = UnixListener.Create(socketPath, backlog: 64);
        // Everybody may knock: whom it serves the supervisor decides by what the kernel says of the caller.
        File.SetUnixFileMode(socketPath, (UnixFileMode)0b110_110_110);
        return LookAfterAsync(Give(configPath, listening));
    }

    public void Dispose()
    {
        _stopping.Cancel();
        lock (_gate)
        {
            // They see the end of their line, and end.
            _idle.ForEach(one => one.Dispose());
            _idle.Clear();
        }

        _stopping.Dispose();
    }

    private Supervisor Give(string configPath, SafeFileHandle listening)
    {
        var origin = Origin.Present();
        while (TakeIdle() is { } idle)
        {
            if (idle.StartedOn == origin && TrySend(idle))
                return idle;

            // Of an older version, or of before a file system was mounted; or it was killed meanwhile.
            idle.Dispose();
        }

        var (ours, theirs) = SocketPairs.Create();
        using (theirs)
        {
            var fresh = new Supervisor(SupervisorStarter.Start(theirs, configPath), DescriptorSockets.Take(ours), origin);
            TrySend(fresh);
            return fresh;
        }

        bool TrySend(Supervisor one)
        {
            try
            {
                DescriptorPassing.Send((int)one.Line.Handle, Encoding.UTF8.GetBytes(configPath), FileDescriptor.Number(listening));
                return true;
            }
            catch (KernelException)
            {
                return false;
            }
        }
    }

    private Supervisor? TakeIdle()
    {
        lock (_gate)
        {
            // The one that was used last: the others may grow old and go.
            if (_idle is not [.., var newest])
                return null;
            _idle.RemoveAt(_idle.Count - 1);
            return newest;
        }
    }

    private async Task<ExitStatus?> LookAfterAsync(Supervisor one)
    {
        if (await one.IsFreeAsync())
        {
            _ = KeepAsync(one);
            return null;
        }

        using (one)
            return await one.Process.WaitAsync();
    }

    private async Task KeepAsync(Supervisor one)
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested || _idle.Count >= MostIdle)
            {
                one.Dispose();
                return;
            }

            _idle.Add(one);
            one.Jobs++;
        }

        var jobs = one.Jobs;
        await Task.Delay(IdleFor, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (one.Jobs == jobs && _idle.Remove(one))
                one.Dispose();
        }
    }

    /// <summary>
    /// What a supervisor has from its start: its program, which may have been updated since, and a copy of this machine's mounts, which follows them only where mounts are shared (not in most
    /// containers). One that was started on something else is not used again.
    /// </summary>
    private sealed record Origin(string Program, DateTime Written, long Length, string Mounts)
    {
        public static Origin Present()
        {
            var file = new FileInfo(SupervisorStarter.Program());
            return new(file.FullName, file.LastWriteTimeUtc, file.Length, File.ReadAllText("/proc/self/mountinfo"));
        }
    }

    /// <summary>A supervisor and our end of the line on which it gets its jobs and says that it is free.</summary>
    private sealed record Supervisor(ChildProcess Process, Socket Line, Origin StartedOn) : IDisposable
    {
        public int Jobs { get; set; }

        /// <summary>Whether it can be given another job, once it has none.</summary>
        public async Task<bool> IsFreeAsync()
        {
            try
            {
                return await Line.ReceiveAsync(new byte[1], SocketFlags.None) == 1;
            }
            catch (SocketException)
            {
                return false;
            }
        }

        public void Dispose()
        {
            Line.Dispose();
            Process.Dispose();
        }
    }
}
