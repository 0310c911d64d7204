using CsCheck;
using Isobar.Balancing.Load;
using Isobar.Simulation.Processors;

namespace Isobar.Simulation.Tests.Processors;

public sealed class SharedProcessorTests
{
    [Fact]
    public void Two_tasks_share_one_core()
    {
        var cpu = new SharedProcessor(CoreSet.Uniform(1));
        var (a, b) = (new Task(), new Task());
        cpu.Add(a, 2);
        cpu.AdvanceTo(1);
        cpu.Add(b, 2);

        // a has 1 left and gets a half: it ends at 3; then b has 1 left and all: it ends at 4.
        Assert.Equal(3, cpu.FirstFinish, 12);
        cpu.AdvanceTo(3);
        Assert.Same(a, cpu.First);
        cpu.Remove(a);
        Assert.Equal(4, cpu.FirstFinish, 12);
        Assert.Equal(3, cpu.BusyCoreSeconds, 12);
        Assert.Equal(1 + 2 * 2, cpu.ReadyTaskSeconds, 12);
    }

    [Fact]
    public void One_task_uses_one_core_the_fastest()
    {
        var cpu = new SharedProcessor(new CoreSet(1f, 3f));
        var (a, b) = (new Task(), new Task());
        cpu.Add(a, 6);
        Assert.Equal(2, cpu.FirstFinish, 12);

        // With two tasks both cores work: 4 per second, 2 for each.
        cpu.AdvanceTo(1);
        cpu.Add(b, 6);
        Assert.Equal(1 + 3 / 2.0, cpu.FirstFinish, 12);
    }

    [Fact]
    public void Drag_slows_all_tasks_alike()
    {
        var cpu = new SharedProcessor(CoreSet.Uniform(2));
        var task = new Task();
        cpu.Add(task, 1);
        cpu.AdvanceTo(0.5);
        cpu.Drag = 10;
        Assert.Equal(5.5, cpu.FirstFinish, 12);
        Assert.Equal(0.5, cpu.Remaining(task), 12);
    }

    [Fact]
    public void In_the_background_tasks_share_what_the_others_leave()
    {
        var cpu = new SharedProcessor(new CoreSet(1f, 0.5f));
        var (front, first, second) = (new Task(), new Task(), new Task());
        cpu.Add(front, 2);
        cpu.Add(first, 1, isBackground: true);
        cpu.Add(second, 1, isBackground: true);

        // The one in front has the fast core; the two share the slow one. Then they share both.
        Assert.Equal((1.0, 0.25), (cpu.RateOf(front), cpu.RateOf(first)));
        cpu.AdvanceTo(2);
        Assert.Same(front, cpu.First);
        cpu.Remove(front);
        Assert.Equal(0.5, cpu.Remaining(first), 12);
        Assert.Equal(0.75, cpu.RateOf(second), 12);
        Assert.Equal(2 + 0.5 / 0.75, cpu.FirstFinish, 12);
        Assert.Equal(4, cpu.BusyCoreSeconds, 12);
    }

    [Fact]
    public void In_the_background_nothing_is_done_while_others_use_all_cores()
    {
        var cpu = new SharedProcessor(CoreSet.Uniform(1));
        var (front, behind) = (new Task(), new Task());
        cpu.Add(behind, 0.1, isBackground: true);
        cpu.AdvanceTo(0.05);
        cpu.Add(front, 3);
        Assert.Equal(0, cpu.RateOf(behind));
        Assert.Equal(3.05, cpu.FirstFinish, 12);
        cpu.AdvanceTo(3.05);
        Assert.Same(front, cpu.First);
        Assert.Equal(0.05, cpu.Remaining(behind), 12);

        // Brought forward it shares alike.
        cpu.Add(behind, cpu.Remove(behind));
        Assert.Equal(0.5, cpu.RateOf(behind), 12);
    }

    [Fact]
    public void Other_cores_serve_from_then_on()
    {
        var cpu = new SharedProcessor(CoreSet.Uniform(1));
        var task = new Task();
        cpu.Add(task, 2);
        cpu.AdvanceTo(1);
        cpu.Cores = CoreSet.Uniform(1, 0.25f);
        Assert.Equal(5, cpu.FirstFinish, 12);
    }

    /// <summary>Whatever comes and goes, the processor does the work that a small-step model does, and never works less than it could.</summary>
    [Fact]
    public void Work_is_conserved_and_agrees_with_stepping()
    {
        var task = Gen.Select(Gen.Double[0, 5], Gen.Double[0.01, 3]);
        Gen.Select(Gen.Int[1, 4], task.List[1, 12]).Sample((cores, tasks) =>
        {
            var arrivals = tasks.OrderBy(one => one.Item1).ToList();
            var exact = Exact(cores, arrivals);
            var stepped = Stepped(cores, arrivals);
            return exact.Zip(stepped, (x, y) => Math.Abs(x - y) < 0.02).All(close => close);
        }, iter: 60);
    }

    private static List<double> Exact(int cores, List<(double At, double Work)> arrivals)
    {
        var cpu = new SharedProcessor(CoreSet.Uniform(cores));
        var tasks = arrivals.Select(_ => new Task()).ToList();
        var ends = new double[arrivals.Count];
        var next = 0;
        while (next < arrivals.Count || cpu.Count > 0)
        {
            if (next < arrivals.Count && arrivals[next].At <= cpu.FirstFinish)
            {
                cpu.AdvanceTo(arrivals[next].At);
                cpu.Add(tasks[next], arrivals[next].Work);
                next++;
                continue;
            }

            var end = cpu.FirstFinish;
            cpu.AdvanceTo(end);
            var first = (Task)cpu.First!;
            cpu.Remove(first);
            ends[tasks.IndexOf(first)] = end;
        }

        Assert.Equal(arrivals.Sum(one => one.Work), cpu.BusyCoreSeconds, 6);
        return [.. ends];
    }

    private static List<double> Stepped(int cores, List<(double At, double Work)> arrivals)
    {
        const double Step = 0.001;
        var left = arrivals.Select(one => one.Work).ToArray();
        var ends = new double[left.Length];
        for (var k = 0; left.Any(work => work > 0); k++)
        {
            var now = k * Step;
            var ready = Enumerable.Range(0, left.Length).Where(i => arrivals[i].At <= now && left[i] > 0).ToList();
            foreach (var i in ready)
            {
                left[i] -= Step * Math.Min(1, (double)cores / ready.Count);
                if (left[i] <= 0)
                    ends[i] = now + Step;
            }
        }

        return [.. ends];
    }

    private sealed class Task : ProcessorTask
    {
    }
}
