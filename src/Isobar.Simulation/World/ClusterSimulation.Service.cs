using Isobar.Simulation.Processors;

namespace Isobar.Simulation.World;

/// <content>Tasks on the cores of a node, and the event of the next one's end.</content>
public sealed partial class ClusterSimulation
{
    private void RunTask(SimulatedNode node, ProcessorTask task, double work, bool isBackground = false)
    {
        node.Cpu.AdvanceTo(_now);
        node.Cpu.Add(task, work, isBackground);
        Retime(node);
    }

    private double StopTask(SimulatedNode node, ProcessorTask task)
    {
        node.Cpu.AdvanceTo(_now);
        var left = node.Cpu.Remove(task);
        Retime(node);
        return left;
    }

    private void Retime(SimulatedNode node)
    {
        var finish = node.Cpu.FirstFinish;
        if (double.IsPositiveInfinity(finish))
        {
            if (node.ServiceEvent >= 0)
                _queue.Cancel(node.ServiceEvent);

            node.ServiceEvent = -1;
        }
        else if (node.ServiceEvent >= 0)
        {
            _queue.Reschedule(node.ServiceEvent, finish);
        }
        else
        {
            node.ServiceEvent = _queue.Schedule(finish, ServiceEnd, node.Index);
        }
    }

    private void ServiceEnds(SimulatedNode node)
    {
        node.ServiceEvent = -1;
        node.Cpu.AdvanceTo(_now);

        // The event was the first task's end, so one is done whatever rounding says; others may end at the same moment.
        var first = true;
        while (node.Cpu.First is { } task && (first || node.Cpu.Remaining(task) <= Done))
        {
            first = false;
            node.Cpu.Remove(task);
            switch (task)
            {
                case SimulatedProcess process:
                    SegmentEnds(process);
                    break;
                case OwnerTask owner:
                    OwnerEnds(node, owner);
                    break;
                default:
                    break;
            }
        }

        Retime(node);
    }
}
