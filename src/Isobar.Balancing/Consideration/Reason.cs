using System.Globalization;
using System.Text;

namespace Isobar.Balancing.Consideration;

/// <summary>The words of a reason; one constant object per kind of decision.</summary>
/// <param name="Rule">Name of the rule that decides so.</param>
/// <param name="Text">A sentence with {job}, {node}, and {a} to {d} for the numbers.</param>
/// <param name="Names">What the numbers a to d are called as fields, separated by a space.</param>
public sealed record ReasonForm(string Rule, string Text, string Names = "")
{
    public Reason With(
        JobId job, NodeId node, double a = double.NaN, double b = double.NaN, double c = double.NaN, double d = double.NaN) =>
        new(this, job, node, a, b, c, d);
}

/// <summary>
/// Why something was decided: a form and the numbers that decided it. Making one costs nothing; the words are put together only when
/// somebody asks (<c>isobar why</c>).
/// </summary>
public readonly record struct Reason(ReasonForm? Form, JobId Job, NodeId Node, double A, double B, double C, double D)
{
    public string Rule => Form?.Rule ?? "";

    /// <summary>The sentence; numbers in up to four digits, in the units that the form names.</summary>
    /// <param name="nodeName">Turns a node into its name; its number by default.</param>
    /// <param name="jobName">Turns a job into its name; its number by default.</param>
    public string Describe(Func<NodeId, string>? nodeName = null, Func<JobId, string>? jobName = null)
    {
        if (Form is null)
            return "";
        var text = new StringBuilder(Form.Text);
        text.Replace("{a}", Format(A)).Replace("{b}", Format(B)).Replace("{c}", Format(C)).Replace("{d}", Format(D));
        text.Replace("{node}", nodeName is null ? Node.ToString() : nodeName(Node));
        text.Replace("{job}", jobName is null ? Job.ToString() : jobName(Job));
        return text.ToString();
    }

    /// <summary>The numbers by name, in the order of the form.</summary>
    public IEnumerable<KeyValuePair<string, double>> Fields()
    {
        if (string.IsNullOrEmpty(Form?.Names))
            yield break;
        int index = 0;
        foreach (string name in Form.Names.Split(' '))
        {
            yield return new(name, index switch { 0 => A, 1 => B, 2 => C, _ => D });
            index++;
        }
    }

    public override string ToString() => $"{Rule}: {Describe()}";

    private static string Format(double value) => double.IsNaN(value)
        ? "?"
        : double.IsPositiveInfinity(value) ? "very many"
        : value.ToString(Math.Abs(value) >= 1000 ? "0" : Math.Abs(value) >= 10 ? "0.#" : "0.###", CultureInfo.InvariantCulture);
}
