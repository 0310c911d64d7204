using System.Net;
using Isobar.Balancing;
using Isobar.Linux.Files;
using Isobar.Linux.Kernel;
using Isobar.Node.Hosting;
using Isobar.Node.Jobs;
using Isobar.Node.Membership;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Tests.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Isobar.Node.Tests.Jobs;

/// <summary>Starting what looks after jobs: once, and without a trace when it fails.</summary>
public sealed class SupervisorStartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-start-").FullName;
    private readonly SupervisorPool _pool = new();
    private readonly JobFolders _folders;
    private readonly ClusterRuntime _runtime;
    private readonly GuestJobs _guests;
    private readonly HomeJobs _homes;

    public SupervisorStartTests()
    {
        var options = new DaemonOptions { StateDirectory = $"{_folder}/state", RunDirectory = $"{_folder}/run", Listen = new IPEndPoint(IPAddress.Loopback, 0), NodeName = "beta" };
        _folders = new JobFolders(options);
        _folders.Prepare();
        _runtime = new ClusterRuntime(options, NullLoggerFactory.Instance, TimeProvider.System);
        _guests = new GuestJobs(_folders, _runtime, _pool, NullLogger<GuestJobs>.Instance);
        var gains = new MoveGains(_folders, static _ => 1, static () => Instant.FromSeconds(0));
        _homes = new HomeJobs(options, _folders, _runtime, new GuestRequests(_runtime), gains, _pool, NullLogger<HomeJobs>.Instance);

        // Counts its starts, and ends with its line.
        File.WriteAllText(Program, $"#!/bin/sh\necho x >> {_folder}/starts\nexec cat <&3 > /dev/null\n");
        Allow(true);
        Environment.SetEnvironmentVariable(SupervisorStarter.Variable, Program);
    }

    private string Program => Path.Combine(_folder, "supervisor");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(SupervisorStarter.Variable, null);
        _pool.Dispose();
        _homes.Dispose();
        FolderRemoval.Remove(_folder);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_is_asked_for_several_times_at_once_is_started_once_and_nobody_is_refused()
    {
        const int Jobs = 10;
        for (var job = 1; job <= Jobs; job++)
        {
            using var together = new Barrier(4);
            var place = Place(job);
            await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait(Cancellation);
                    _guests.Start(place, 2);
                },
                Cancellation,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));
        }

        Assert.Equal(Jobs, GuestJobs.Count(_folders));
        while (!File.Exists($"{_folder}/starts") || new FileInfo($"{_folder}/starts").Length < 2 * Jobs)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        await Task.Delay(100, Cancellation);
        Assert.Equal(Jobs, (await File.ReadAllLinesAsync($"{_folder}/starts", Cancellation)).Length);
    }

    [Fact]
    public void A_guest_that_cannot_be_started_is_not_here()
    {
        Allow(false);
        Assert.Throws<KernelException>(() => _guests.Start(Place(1), 2));
        Assert.Equal(0, GuestJobs.Count(_folders));
        Assert.False(_guests.Has("alpha-1"));

        // Nor does it stand in the way of the next attempt.
        Allow(true);
        _guests.Start(Place(1), 2);
        Assert.True(_guests.Has("alpha-1"));
    }

    [Fact]
    public void A_job_that_cannot_be_started_leaves_neither_folder_nor_record()
    {
        Allow(false);
        Assert.Throws<KernelException>(() => _homes.Start(TestJob.Spec, "beta"));
        Assert.Equal(0, _homes.Unfinished);
        Assert.Empty(Directory.EnumerateDirectories(_folders.HomeRuns));
        Assert.Empty(Directory.EnumerateDirectories(_folders.Records));
    }

    private static JobPlace Place(int job) => new($"alpha-{job}", "localhost:1", "alpha", "(none)", [], "/nowhere");

    private void Allow(bool execute) => File.SetUnixFileMode(Program, UnixFileMode.UserRead | (execute ? UnixFileMode.UserExecute : 0));
}
