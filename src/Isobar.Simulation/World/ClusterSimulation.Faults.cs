namespace Isobar.Simulation.World;

/// <content>Nodes that die and come back, sets of nodes that are cut off, and machines that become others.</content>
public sealed partial class ClusterSimulation
{
    private void BeginFault(Fault fault)
    {
        _cuts += fault.IsPartition ? 1 : 0;
        foreach (var index in fault.Nodes)
        {
            if (fault.IsPartition)
                _nodes[index].Side = 1;
            else
                Crash(_nodes[index]);
        }

        _observer?.NodeChanged(_now, fault.Nodes[0], fault.IsPartition ? "cut off" : "crashes");
    }

    private void Crash(SimulatedNode node)
    {
        node.IsUp = false;
        node.Protocol.View.Clear();
        foreach (var process in node.Processes.ToArray())
        {
            TakeOff(process!);
            Restart(process!);
        }

        // What a lazy move had left behind is gone with the node.
        foreach (var process in _processes)
        {
            if (process?.PagesAt == node && process.State == ProcessState.Active)
            {
                TakeOff(process);
                Restart(process);
            }
        }
    }

    // As a daemon does whose quota is changed: what the machine has from now on is measured anew.
    private void ChangeMachine(MachineChange change)
    {
        var node = _nodes[change.Node];
        node.Cpu.AdvanceTo(_now);
        node.Cpu.Cores = change.Cores;
        node.Kind = node.Kind with { Cores = change.Cores };
        node.Load = _profile.CreateLoad(change.Cores);
        var sample = LookAt(node);
        node.Load.Begin(in sample);
        Retime(node);
        _observer?.NodeChanged(_now, change.Node, "changes");
    }

    private void EndFault(Fault fault)
    {
        _cuts -= fault.IsPartition ? 1 : 0;
        foreach (var index in fault.Nodes)
        {
            var node = _nodes[index];
            if (fault.IsPartition)
            {
                node.Side = 0;
                continue;
            }

            node.IsUp = true;
            node.Incarnation++;
            node.Sequence = 0;
            foreach (var process in _processes)
            {
                if (process is { State: ProcessState.Homeless } && process.Info.Home == node.Id)
                    Settle(process, node);
            }
        }

        _observer?.NodeChanged(_now, fault.Nodes[0], fault.IsPartition ? "joined again" : "is back");
    }
}
