using Isobar.Linux.Files;
using Isobar.Protocol.Jobs;
using Isobar.Supervisor.Deputies;

namespace Isobar.Supervisor.Tests.Deputies;

/// <summary>Whatever hinders a start, the job ends with one sentence and exit code 125.</summary>
public sealed class DeputyStartTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-deputy-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => FolderRemoval.Remove(_folder);

    [Fact]
    public async Task A_host_that_is_gone_before_it_was_told_to_launch()
    {
        var (end, status) = await StartAsync(() =>
        {
            var (link, _) = LinkPair.Create(JobChannels.Count);
            link.CloseNow();
            return new HostConnection("beta", 1, link);
        });
        Assert.Equal(125, end.ExitCode);
        Assert.StartsWith("beta went away before the program could be started there", end.Reason, StringComparison.Ordinal);
        Assert.Equal((JobState.Done, 125, end.Reason), (status.State, status.ExitCode, status.Reason));
    }

    [Fact]
    public async Task A_host_that_is_gone_while_it_launches()
    {
        var (end, _) = await StartAsync(() =>
        {
            // Between machines its last word could be lost with the connection, and then it is its silence that tells.
            var (link, host) = LinkPair.Create(JobChannels.Count, isLocal: true);
            host.Close();
            return new HostConnection("beta", 1, link);
        });
        Assert.Equal(125, end.ExitCode);
        Assert.StartsWith("beta went away", end.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_cannot_be_made()
    {
        var (end, _) = await StartAsync(() => throw new IOException("No room on the disk."));
        Assert.Equal(new JobEnd(125, "No room on the disk."), end);
    }

    private async Task<(JobEnd End, JobStatus Status)> StartAsync(Func<HostConnection> open)
    {
        await using var home = new TestHome(_folder, startNode: "beta", (_, _) => open());
        await home.Deputy.RunAsync(Cancellation).WaitAsync(Patience, Cancellation);
        return (await home.Deputy.End, home.Board.Current);
    }
}
