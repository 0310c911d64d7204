namespace Isobar.Node.Status;

/// <summary>How many jobs a node has to do with.</summary>
public interface IJobCounts
{
    /// <summary>Unfinished jobs whose home is here, wherever they run.</summary>
    int HomeJobs { get; }

    /// <summary>Jobs of other homes that run here.</summary>
    int Guests { get; }
}

/// <summary>Where no jobs are run.</summary>
internal sealed class NoJobs : IJobCounts
{
    public int HomeJobs => 0;

    public int Guests => 0;
}
