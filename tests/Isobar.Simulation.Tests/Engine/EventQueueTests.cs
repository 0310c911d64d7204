using CsCheck;
using Isobar.Simulation.Engine;

namespace Isobar.Simulation.Tests.Engine;

public sealed class EventQueueTests
{
    [Fact]
    public void Events_come_in_order_of_time_and_equal_times_in_order_of_scheduling()
    {
        var queue = new EventQueue(1);
        queue.Schedule(2, 0, 20);
        queue.Schedule(1, 0, 10);
        queue.Schedule(2, 0, 21);
        queue.Schedule(1, 0, 11);

        var order = new List<int>();
        while (queue.TryDequeue(out var next))
            order.Add(next.Subject);

        Assert.Equal([10, 11, 20, 21], order);
    }

    [Fact]
    public void Random_operations_agree_with_a_sorted_list()
    {
        // Times up to 50 s and bins that reach 0.5 to 200 s ahead: near, in the ring and beyond it; times of the past too. Bins for few and for many events.
        var operation = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 50], Gen.Int[0, 1000]);
        Gen.Select(operation.List[0, 300], Gen.Double[0.5, 200], Gen.Double[0, 30_000]).Sample((operations, ahead, perSecond) =>
        {
            var queue = new EventQueue(2, ahead, perSecond);
            var model = new List<(double Time, long Order, int Handle, int Subject)>();
            long order = 0;
            foreach (var (kind, time, choice) in operations)
            {
                if (kind == 0 || model.Count == 0)
                {
                    var handle = queue.Schedule(time, 1, choice);
                    model.Add((time, order++, handle, choice));
                }
                else if (kind == 4)
                {
                    queue.Post(time, 1, choice);
                    model.Add((time, order++, -1, choice));
                }
                else if (kind == 1 && model[choice % model.Count].Handle >= 0)
                {
                    var at = choice % model.Count;
                    queue.Reschedule(model[at].Handle, time);
                    model[at] = (time, order++, model[at].Handle, model[at].Subject);
                }
                else if (kind == 2 && model[choice % model.Count].Handle >= 0)
                {
                    var at = choice % model.Count;
                    queue.Cancel(model[at].Handle);
                    model.RemoveAt(at);
                }
                else
                {
                    var first = model.OrderBy(one => one.Time).ThenBy(one => one.Order).First();
                    if (!queue.TryDequeue(out var next) || next.Subject != first.Subject || next.Time != first.Time || next.Handle != first.Handle)
                        return false;

                    model.Remove(first);
                }

                if (queue.Count != model.Count || queue.NextTime != (model.Count == 0 ? double.PositiveInfinity : model.Min(one => one.Time)))
                    return false;
            }

            return true;
        });
    }

    [Fact]
    public void A_time_that_is_no_number_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new EventQueue().Schedule(double.NaN, 0, 0));
        Assert.Throws<ArgumentException>(() => new EventQueue().Post(double.NaN, 0, 0));
    }

    [Fact]
    public void Handling_events_allocates_nothing()
    {
        var queue = new EventQueue(64);
        for (var i = 0; i < 50; i++)
        {
            queue.Schedule(i, 0, i);
            queue.Post(i, 0, i);
        }

        void Turn(int times)
        {
            for (var i = 0; i < times; i++)
            {
                queue.TryDequeue(out var next);
                if (next.Handle < 0)
                    queue.Post(next.Time + 50, 0, next.Subject);
                else
                    queue.Schedule(next.Time + 50, 0, next.Subject);
            }
        }

        Turn(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Turn(100_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
