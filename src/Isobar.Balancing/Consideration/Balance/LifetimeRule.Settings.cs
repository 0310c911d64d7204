using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <content>Parameters and words.</content>
public sealed partial class LifetimeRule
{
    // No core is faster than so many standard cores: an upper bound of the benefit that saves looking for a target.
    private const double MaxSpeed = 1000;

    private static readonly ReasonForm Pays = new(
        "lifetime",
        "{job} moves to {node}: its age of {a} CPU s is more than the cost {b} s / (slowdown here {c} - there {d})",
        "age cost here there");

    private static readonly ReasonForm PaysTogether = new(
        "lifetime",
        "{job} moves to {node}: with its age of {a} CPU s, what it costs ({b} s) is less than what it and those beside it gain together (its slowdown here {c}, there {d})",
        "age cost here there");

    private static readonly ReasonForm StaysAsOldest = new(
        "lifetime",
        "{job} stays: those beside it would gain if it went, but with its age of {a} CPU s it is older than they are, and no node serves it much faster (slowdown here {c}, at best {d}; a move costs {b} s)",
        "age cost here there");

    private static readonly ReasonForm TooYoung = new(
        "lifetime",
        "{job} stays: its age of {a} CPU s is not more than the cost {b} s / (slowdown here {c} - at best {d}), or the gain is too small",
        "age cost here there");

    private static readonly ReasonForm Rests = new(
        "lifetime", "{job} stays: it used {a} CPU s since it came and may be moved on after {b}; a move costs {c} s", "used needed cost");

    private static readonly ReasonForm TargetBusy = new(
        "lifetime",
        "{node} refuses {job}: its age of {a} CPU s is not more than the cost {b} s, with a slowdown of {c} there and {d} at the source",
        "age cost there here");

    public static Policy<RuleFactory> Policy { get; } = new(
        "lifetime",
        "Moves a job that is older than its move is worth",
        "Harchol-Balter, Downey 1997; dampings ours",
        [
            PolicyParameter.Number("residence", 0, 0, 1000, "Costs of the next move that a job must have used since it came; 0 as published, 5 damps [scoreboard 1]"),
            PolicyParameter.Number("growth", 0, 0, 100, "Share by which its age must have grown since it came; 0 as published, 1 bounds the moves by the logarithm of the life"),
            PolicyParameter.Whole("freeMoves", 0, 0, 1000, "First moves of a job to which growth does not apply"),
            PolicyParameter.Switch("relative", false, "Growth counts for the share of the slowdown that would be left on the target: the more a move gains, the shorter the rest"),
            PolicyParameter.Switch("outclassed", false, "Growth and residence do not apply to a move away from a node that would serve the job worse alone than the target does now"),
            PolicyParameter.Number("others", 0, 0, 10, "Weight of what those gain that a job leaves behind; 0 as published, 1 counts all alike"),
            PolicyParameter.Switch("periodic", false, "Consider at every trigger, not only at arrivals; the paper: arrivals"),
            PolicyParameter.Switch("verify", false, "The target checks the criterion again with its own present load"),
            PolicyParameter.Switch("smoothed", false, "Own tasks are the smaller of now and the calculator's mean; the paper: now"),
            PolicyParameter.Number("minGain", 0, 0, 1000, "Least difference of the slowdowns; 0 as published"),
            PolicyParameter.Number("maxAgeSeconds", 60, 0, 1e6, "Older news is not used"),
            PolicyParameter.Whole("movesAtOnce", 1, 1, 1000, "The most moves planned by one consideration"),
            PolicyParameter.Whole("maxInProgress", 0, 0, 1000, "The most moves under way from this node; 0 = no limit, as published"),
        ],
        values =>
        {
            var settings = new Settings(
                values["residence"],
                values["growth"],
                values.Whole("freeMoves"),
                values.On("relative"),
                values.On("outclassed"),
                values["others"],
                values.On("periodic"),
                values.On("verify"),
                values.On("smoothed"),
                values["minGain"],
                values["maxAgeSeconds"],
                values.Whole("movesAtOnce"),
                values.Whole("maxInProgress"));

            // Without state of its own: all nodes of a simulation share one.
            var rule = new LifetimeRule(settings);
            return _ => rule;
        });

    public sealed record Settings(
        double Residence,
        double Growth,
        int FreeMoves,
        bool Relative,
        bool Outclassed,
        double Others,
        bool Periodic,
        bool Verify,
        bool Smoothed,
        double MinGain,
        double MaxAgeSeconds,
        int MovesAtOnce,
        int MaxInProgress);
}
