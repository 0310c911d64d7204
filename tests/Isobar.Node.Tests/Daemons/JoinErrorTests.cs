using Grpc.Core;
using Isobar.Node.Tests.Store;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Tests.Daemons;

/// <summary>Each wrong way into a cluster is answered by one sentence that says what to do.</summary>
public sealed class JoinErrorTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private readonly DaemonProcess _alpha = new("alpha", FreePorts.Take());
    private readonly DaemonProcess _other = new("other", FreePorts.Take());
    private readonly DaemonProcess _twin = new("alpha", FreePorts.Take());
    private readonly DaemonProcess _beta = new("beta", FreePorts.Take());

    private CancellationToken Limit => _limit.Token;

    public async ValueTask InitializeAsync()
    {
        await Task.WhenAll(_alpha.StartAsync(Limit), _other.StartAsync(Limit), _twin.StartAsync(Limit), _beta.StartAsync(Limit));
        await _alpha.Client.CreateAsync(new CreateClusterRequest { Name = "lab" }, cancellationToken: Limit);
        await _other.Client.CreateAsync(new CreateClusterRequest { Name = "elsewhere" }, cancellationToken: Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await _alpha.DisposeAsync();
        await _other.DisposeAsync();
        await _twin.DisposeAsync();
        await _beta.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task Every_mistake_has_its_sentence()
    {
        var token = (await InviteAsync(60)).Token;
        Assert.Contains("is not in a cluster", await RefusalAsync(async () => await _beta.NodesAsync(Limit)), StringComparison.Ordinal);
        Assert.Contains("is no join token", await JoinRefusalAsync(_beta, _alpha.Address, "hello"), StringComparison.Ordinal);
        Assert.Contains("cut off", await JoinRefusalAsync(_beta, _alpha.Address, token[..^1]), StringComparison.Ordinal);
        Assert.Contains("nobody answers", await JoinRefusalAsync(_beta, "127.0.0.1:1", token), StringComparison.Ordinal);
        Assert.Contains("is no member of a cluster", await JoinRefusalAsync(_beta, _twin.Address, token), StringComparison.Ordinal);
        Assert.Contains("belongs to another cluster", await JoinRefusalAsync(_beta, _other.Address, token), StringComparison.Ordinal);
        Assert.Contains("there is a node alpha", await JoinRefusalAsync(_twin, _alpha.Address, token), StringComparison.Ordinal);
        Assert.Contains("already in cluster elsewhere", await JoinRefusalAsync(_other, _alpha.Address, token), StringComparison.Ordinal);
        Assert.Contains("already in cluster lab", await RefusalAsync(async () => await _alpha.Client.CreateAsync(new CreateClusterRequest { Name = "x" }, cancellationToken: Limit)), StringComparison.Ordinal);

        var brief = (await InviteAsync(1)).Token;
        await Task.Delay(TimeSpan.FromSeconds(2.1), Limit);
        Assert.Contains("expired", await JoinRefusalAsync(_beta, _alpha.Address, brief), StringComparison.Ordinal);

        // None of the refusals has used the invitation up; its use does.
        await _beta.Client.JoinAsync(new JoinClusterRequest { Address = _alpha.Address, Token = token }, cancellationToken: Limit);
        Assert.Contains("used already, by beta", await JoinRefusalAsync(_twin, _alpha.Address, token), StringComparison.Ordinal);
        Assert.Contains("alone carries", await RefusalAsync(async () => await _beta.Client.EvictAsync(new EvictRequest { Node = "alpha" }, cancellationToken: Limit)), StringComparison.Ordinal);
        Assert.Contains("does not evict itself", await RefusalAsync(async () => await _beta.Client.EvictAsync(new EvictRequest { Node = "beta" }, cancellationToken: Limit)), StringComparison.Ordinal);
        Assert.Contains("is no member", await RefusalAsync(async () => await _beta.Client.EvictAsync(new EvictRequest { Node = "nobody" }, cancellationToken: Limit)), StringComparison.Ordinal);
        Assert.Contains("--ttl", await RefusalAsync(async () => await InviteAsync(0)), StringComparison.Ordinal);
    }

    private async Task<InviteReply> InviteAsync(int seconds) => await _alpha.Client.InviteAsync(new InviteRequest { TtlSeconds = seconds }, cancellationToken: Limit);

    private Task<string> JoinRefusalAsync(DaemonProcess daemon, string address, string token) =>
        RefusalAsync(async () => await daemon.Client.JoinAsync(new JoinClusterRequest { Address = address, Token = token }, cancellationToken: Limit));

    private static async Task<string> RefusalAsync(Func<Task> call)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        return refusal.Status.Detail;
    }
}
