using System.Diagnostics;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>Waiting for something that is bound to happen, with an end when it does not.</summary>
internal static class Waiting
{
    /// <summary>Machines that build and test at once are slow; a test that waits this long has failed.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(90);

    public static Task ForAsync(Func<bool> condition, Func<string> what, CancellationToken cancellation) =>
        ForAsync(() => Task.FromResult(condition()), what, cancellation);

    public static async Task ForAsync(Func<Task<bool>> condition, Func<string> what, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await condition().ConfigureAwait(false))
        {
            if (Stopwatch.GetElapsedTime(since) > Patience)
                Assert.Fail($"waited {Patience.TotalSeconds} s for {what()}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation).ConfigureAwait(false);
        }
    }
}
