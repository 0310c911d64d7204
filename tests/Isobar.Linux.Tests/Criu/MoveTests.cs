namespace Isobar.Linux.Tests.Criu;

/// <summary>Small self-judging programs that are dumped, killed and restored.</summary>
public sealed class MoveTests
{
    [Fact]
    public async Task A_counter_on_pipes_loses_and_doubles_nothing()
    {
        await using var job = await CriuTestJob.StartShellAsync("i=0; while [ $i -lt 400 ]; do echo $i; i=$((i+1)); read -t 0.002 x; done; echo end");
        var output = await job.ReadUntilAsync("\n20\n");
        for (var move = 0; move < 3; move++)
        {
            output += await job.MoveAsync();
            output += await job.ReadAsync();
        }

        output += await job.ReadToEndAsync();
        Assert.Equal(string.Join('\n', Enumerable.Range(0, 400)) + "\nend\n", output);
        Assert.Equal(0, (await job.Child.WaitAsync(TestContext.Current.CancellationToken)).Code);
    }
}
