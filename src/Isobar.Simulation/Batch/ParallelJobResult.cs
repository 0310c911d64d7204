namespace Isobar.Simulation.Batch;

/// <summary>What a parallel job met with.</summary>
/// <param name="Wait">Seconds until it began.</param>
/// <param name="Response">Seconds from submission to end.</param>
/// <param name="Run">Seconds that it runs alone.</param>
/// <param name="Processors">Processors that it holds.</param>
public readonly record struct ParallelJobResult(double Wait, double Response, double Run, int Processors)
{
    // Feitelson's threshold: a job of a second that waits a minute is not sixty times worse off than one of a minute.
    private const double ShortJob = 10;

    /// <summary>Response over run time, short jobs counting as 10 s; at least 1.</summary>
    public double BoundedSlowdown => Math.Max(1, Response / Math.Max(ShortJob, Run));
}
