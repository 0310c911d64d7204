namespace Isobar.Simulation.World;

/// <summary>Sees what happens in a run, in order of virtual time: the source of golden traces and of recorded logs.</summary>
public interface IRunObserver
{
    /// <summary>A move or a remote start began; it will hold up the process for about so many seconds.</summary>
    void MoveBegan(double time, int process, int source, int target, double seconds, string reason);

    /// <summary>A move ended: at its target, or back at its source when it was aborted.</summary>
    void MoveEnded(double time, int process, int at, bool aborted);

    /// <summary>A process was put into the background or brought forward, suspended, resumed, frozen, thawed, checkpointed, told to vacate, or killed.</summary>
    void Acted(double time, int process, int at, string what, string reason);

    /// <summary>A process has come to its end.</summary>
    void Ended(double time, int process, int at, ProcessState how);

    /// <summary>A node or an owner has changed state.</summary>
    void NodeChanged(double time, int node, string what);
}
