using Isobar.Balancing.Profiles;
using Isobar.Node.Life;
using Isobar.Node.Policies;
using Isobar.Node.Tests.Policies;
using Microsoft.Extensions.Logging.Abstractions;

namespace Isobar.Node.Tests.Life;

public sealed class PulseTests
{
    /// <summary>Some call that was given up inside of a beat is not the end of the daemon's looking.</summary>
    [Fact]
    public async Task It_beats_until_the_daemon_ends_and_not_until_something_else_is_cancelled()
    {
        var numbers = NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2)), "alpha");
        using var node = new PoliciesOfOneNode(numbers);
        node.Policies.Use(ProfileReader.Load("isobar"), numbers, 0);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var beats = new SemaphoreSlim(0);
        var pulse = new Pulse(node.Policies, null!, node.Facts, () =>
        {
            beats.Release();
            throw new OperationCanceledException("a call was given up");
        }, NullLogger.Instance);
        var running = pulse.RunAsync(end.Token);
        for (var i = 0; i < 3; i++)
            Assert.True(await beats.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), $"it ended after {i} beats");
        await end.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }
}
