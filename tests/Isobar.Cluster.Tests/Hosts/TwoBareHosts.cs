using Isobar.Cli.Sandbox;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>Two hosts without daemons, shared by the tests of a class.</summary>
public sealed class TwoBareHosts : IAsyncLifetime
{
    internal SandboxCluster Sandbox { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Sandbox = await TestSandbox.UpAsync(2);

    public async ValueTask DisposeAsync() => await SandboxCluster.DownAsync(Sandbox.Place, CancellationToken.None);
}
