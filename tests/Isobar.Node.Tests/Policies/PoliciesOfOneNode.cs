using System.Net;
using Isobar.Balancing.Profiles;
using Isobar.Node.Hosting;
using Isobar.Node.Jobs;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Node.Owners;
using Isobar.Node.Policies;
using Isobar.Node.Settings;
using Microsoft.Extensions.Logging.Abstractions;

namespace Isobar.Node.Tests.Policies;

/// <summary>The policies of a daemon on this very machine, without jobs and without a cluster behind the members that it is told of.</summary>
internal sealed class PoliciesOfOneNode : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-test-").FullName;

    /// <param name="numbers">Whom it takes for members.</param>
    public PoliciesOfOneNode(NodeNumbers numbers)
    {
        var options = new DaemonOptions
        {
            StateDirectory = Path.Combine(_folder, "state"),
            RunDirectory = Path.Combine(_folder, "run"),
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            NodeName = numbers.NameOf(numbers.Self),
        };
        Runtime = new ClusterRuntime(options, NullLoggerFactory.Instance, TimeProvider.System);
        var folders = new JobFolders(options);
        folders.Prepare();
        Settings = new LiveSettings(Runtime, TimeProvider.System, NullLogger<LiveSettings>.Instance);
        Facts = new JobFacts(null!, Runtime);
        Policies = new LivePolicies(
            new MachineLoad(options, new JobsHere(folders)), Facts, new MoveCosts(Path.Combine(_folder, "costs")), new AdminState(options), new OwnerWatch(Settings, TimeProvider.System), Settings);
        Policies.Use(ProfileReader.Load("openmosix"), numbers, 0);
        Policies.Sample(out _, out _);
    }

    public ClusterRuntime Runtime { get; }

    public LiveSettings Settings { get; }

    public JobFacts Facts { get; }

    public LivePolicies Policies { get; }

    public void Dispose()
    {
        Policies.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
