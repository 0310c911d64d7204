using System.Text.Json.Serialization;

namespace Isobar.Cli.Doctor;

/// <summary>How grave a finding is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Isobar works, but something of it does not or is slower.</summary>
    Warning,

    /// <summary>Jobs cannot be run or moved here.</summary>
    Problem,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Subject">What it is, in one or two words.</param>
/// <param name="Verdict">How it is.</param>
/// <param name="Text">What was found; if it is not as it should be, also what to do.</param>
public sealed record Finding(string Subject, Verdict Verdict, string Text)
{
    public static Finding Good(string subject, string text) => new(subject, Verdict.Ok, text);

    public static Finding Warn(string subject, string text) => new(subject, Verdict.Warning, text);

    public static Finding Bad(string subject, string text) => new(subject, Verdict.Problem, text);
}
