using Isobar.Linux.Load;
using Isobar.Node.Load;
using Isobar.Node.Policies;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Status;

/// <summary>What this node tells the others about itself.</summary>
internal sealed class OwnStatus(MachineLoad load, IJobCounts jobs, LivePolicies policies)
{
    public static string Version { get; } = typeof(OwnStatus).Assembly.GetName().Version!.ToString(3);

    public NodeStatus Read(string name, string storeRole)
    {
        var memory = load.Memory.TotalBytes > 0 ? load.Memory : MachineMemory.Read();
        var status = new NodeStatus
        {
            Name = name,
            Version = Version,
            Kernel = MachineFacts.Kernel,
            Cores = load.Cores.Count,
            Speed = load.Speed,
            Load = load.AverageReady,
            MemoryTotalBytes = memory.TotalBytes,
            MemoryFreeBytes = memory.AvailableBytes,
            UptimeSeconds = MachineFacts.Uptime.TotalSeconds,
            HomeJobs = jobs.HomeJobs,
            Guests = jobs.Guests,
            StoreRole = storeRole,
            BootId = MachineFacts.BootId,
        };
        status.Flags.AddRange(policies.OwnWords);
        return status;
    }
}
