using System.Globalization;

namespace Isobar.Simulation.World;

/// <summary>What happens in a run as lines of text: time, process or node, event. Also the golden traces of the tests.</summary>
public sealed class RunLog(TextWriter writer) : IRunObserver
{
    public void MoveBegan(double time, int process, int source, int target, double seconds, string reason) =>
        Line(time, $"job {process}: #{source} -> #{target} takes {seconds:0.######} s ({reason})");

    public void MoveEnded(double time, int process, int at, bool aborted) =>
        Line(time, $"job {process}: {(aborted ? "the move failed, it stays at" : "is at")} #{at}");

    public void Acted(double time, int process, int at, string what, string reason) => Line(time, $"job {process}: {what} at #{at} ({reason})");

    public void Ended(double time, int process, int at, ProcessState how) =>
        Line(time, $"job {process}: {how.ToString().ToLowerInvariant()} at #{at}");

    public void NodeChanged(double time, int node, string what) => Line(time, $"node #{node}: {what}");

    private void Line(double time, FormattableString text) =>
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time,14:0.000000}  {text.ToString(CultureInfo.InvariantCulture)}"));
}
