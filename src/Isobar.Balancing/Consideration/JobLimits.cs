namespace Isobar.Balancing.Consideration;

/// <summary>Where single jobs may run: what their users asked for (<c>--nodes</c>) and for whom nodes are reserved. The host knows both by name.</summary>
public abstract class JobLimits
{
    /// <summary>Whether this job may run on this node. A job that is about to start has the id 0.</summary>
    public abstract bool Allows(JobId job, NodeId node);
}
