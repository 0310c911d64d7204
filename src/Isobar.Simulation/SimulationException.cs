namespace Isobar.Simulation;

/// <summary>Something about a workload, a scenario or a file that the user can put right; the message names cause and remedy in one sentence.</summary>
public sealed class SimulationException : Exception
{
    public SimulationException()
    {
    }

    public SimulationException(string message)
        : base(message)
    {
    }

    public SimulationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
