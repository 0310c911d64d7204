namespace Isobar.Protocol.Jobs;

/// <summary>What a daemon hands to the supervisor that it starts (a 0600 file: the environment of the job may hold secrets).</summary>
public sealed record SupervisorConfig
{
    public required JobPlace Place { get; init; }

    /// <summary>The node on which this supervisor runs.</summary>
    public required string Node { get; init; }

    /// <summary>The job's run folder on this node (on a tmpfs): socket, mount point, images on arrival.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>The cluster's identity files of this node (ca, certificate, key); null before the node is in a cluster.</summary>
    public string? IdentityDirectory { get; init; }

    /// <summary>A folder on a disk of this node for pages of the job that are in other machines' memory, too.</summary>
    public string? PagesDirectory { get; init; }

    /// <summary>At home: the job's folder of record (journal, logs). Null on a guest supervisor.</summary>
    public string? RecordDirectory { get; init; }

    /// <summary>At home: the program.</summary>
    public JobSpec? Spec { get; init; }

    /// <summary>At home: the node where it shall start.</summary>
    public string? StartNode { get; init; }

    /// <summary>On a guest supervisor: the incarnation that it is for; at home: that of the start.</summary>
    public int Incarnation { get; init; }
}
