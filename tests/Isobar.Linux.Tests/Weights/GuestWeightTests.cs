using System.Diagnostics;
using Isobar.Linux.Processes;
using Isobar.Linux.Weights;

namespace Isobar.Linux.Tests.Weights;

/// <summary>Processes become light, what they fork too, and all is put back as it was.</summary>
public sealed class GuestWeightTests
{
    // A shell, a sleeper, and one that its user has made a batch process.
    private const string Script = "sleep 1000 & chrt --batch 0 sleep 1001 & wait";

    [Fact]
    public void By_threads_everything_becomes_idle_and_gets_its_own_policy_again()
    {
        using var job = Start();
        try
        {
            var weight = GuestWeight.ByThreads();
            IReadOnlyList<int> All() => ProcessTree.Descend(job.Id);
            var before = Policies(All());
            Assert.Equal([0, 0, 3], before.Values.Order());
            weight.Lower(All);
            Assert.All(Policies(All()).Values, policy => Assert.Equal(Scheduling.Idle, policy));
            weight.Lower(All);
            weight.Restore(All);
            Assert.Equal(before, Policies(All()));
        }
        finally
        {
            job.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public void What_is_forked_while_light_is_light_and_ordinary_afterwards()
    {
        using var job = Process.Start(new ProcessStartInfo("sh", ["-c", "read line; sleep 1000 & wait"]) { RedirectStandardInput = true })!;
        try
        {
            var weight = GuestWeight.ByThreads();
            IReadOnlyList<int> All() => ProcessTree.Descend(job.Id);
            weight.Lower(All);
            job.StandardInput.WriteLine();
            Until(() => All().Count == 2);
            Assert.All(Policies(All()).Values, policy => Assert.Equal(Scheduling.Idle, policy));
            weight.Restore(All);
            Assert.All(Policies(All()).Values, policy => Assert.Equal(Scheduling.Ordinary, policy));
        }
        finally
        {
            job.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public void In_the_best_way_of_this_machine_they_are_moved_or_made_idle_and_come_back()
    {
        using var job = Start();
        try
        {
            var weight = GuestWeight.OfThisMachine();
            IReadOnlyList<int> All() => ProcessTree.Descend(job.Id);
            var before = All().ToDictionary(pid => pid, Standing);
            weight.Lower(All);
            Assert.All(All(), pid => Assert.NotEqual(before[pid], Standing(pid)));
            if (weight.How.Contains("group", StringComparison.Ordinal))
                Assert.All(All(), pid => Assert.Contains("/isobar-guests", Standing(pid), StringComparison.Ordinal));
            weight.Restore(All);
            Assert.All(All(), pid => Assert.Equal(before[pid], Standing(pid)));
        }
        finally
        {
            job.Kill(entireProcessTree: true);
        }
    }

    private static Process Start()
    {
        var job = Process.Start(new ProcessStartInfo("sh", ["-c", Script]))!;
        Until(() => Policies(ProcessTree.Descend(job.Id)).Values.Count(policy => policy == 3) == 1);
        return job;
    }

    private static Dictionary<int, int> Policies(IReadOnlyList<int> processes) =>
        processes.ToDictionary(pid => pid, pid => Scheduling.PolicyOf(pid) ?? -1);

    private static string Standing(int pid) => $"{File.ReadAllText($"/proc/{pid}/cgroup")}{Scheduling.PolicyOf(pid)}";

    private static void Until(Func<bool> condition)
    {
        var since = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30));
            Thread.Sleep(10);
        }
    }
}
