using System.Globalization;
using System.Text;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>
/// When a machine's owner counts as there, and what then becomes of guests. As text: <c>input; load 0.5; hours mon-fri 8:00-18:00; command /etc/isobar/owner;
/// quiet 5min; then freeze 10min</c>. Any one of the first four is enough. Immutable.
/// </summary>
public sealed record OwnerRules
{
    /// <summary>Condor's ContinueIdleTime.</summary>
    public const double DefaultQuietSeconds = 300;

    /// <summary>The kernel notes a terminal's input to 8 seconds only (tty_update_time), so that nobody can watch a password being typed.</summary>
    public const double LeastQuietOfInput = 10;

    private const double LongestSeconds = 7 * 24 * 3600;

    public static OwnerRules None { get; } = new();

    /// <summary>Input at a keyboard, pointer or terminal.</summary>
    public bool Input { get; init; }

    /// <summary>CPUs used by what is neither a job nor Isobar.</summary>
    public double? Load { get; init; }

    public OwnerHours? Hours { get; init; }

    /// <summary>A program whose exit status 0 says that he is there.</summary>
    public string? Command { get; init; }

    /// <summary>He is gone when nothing of all that was so for this long, in seconds.</summary>
    public double QuietSeconds { get; init; } = DefaultQuietSeconds;

    /// <summary>Guests stand still instead of leaving.</summary>
    public bool Freeze { get; init; }

    /// <summary>After so long they leave, too; 0 = never.</summary>
    public double PatienceSeconds { get; init; }

    /// <summary>Whether there is any sign of an owner to look for.</summary>
    public bool IsEmpty => !Input && Load is null && Hours is null && Command is null;

    /// <exception cref="BalancingException">The text is no rule; the message says what is wrong.</exception>
    public static OwnerRules Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var rules = new OwnerRules();
        foreach (string part in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int blank = part.IndexOf(' ', StringComparison.Ordinal);
            rules = rules.With(blank < 0 ? part : part[..blank], blank < 0 ? "" : part[(blank + 1)..].Trim());
        }

        return rules.Checked();
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        void Add(string part) => text.Append(text.Length == 0 ? "" : "; ").Append(part);
        if (Input)
            Add("input");
        if (Load is { } load)
            Add(string.Create(CultureInfo.InvariantCulture, $"load {load}"));
        if (Hours is not null)
            Add($"hours {Hours}");
        if (Command is not null)
            Add($"command {Command}");
        Add(string.Create(CultureInfo.InvariantCulture, $"quiet {QuietSeconds}"));
        Add(Freeze && PatienceSeconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"then freeze {PatienceSeconds}") : Freeze ? "then freeze" : "then leave");
        return text.ToString();
    }

    /// <summary>A time as people write it: 90, 90s, 5min, 2h; in seconds.</summary>
    /// <exception cref="BalancingException">It is none.</exception>
    public static double ParseSeconds(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        int digits = 0;
        while (digits < trimmed.Length && (char.IsAsciiDigit(trimmed[digits]) || trimmed[digits] == '.'))
            digits++;
        double unit = trimmed[digits..].Trim() switch { "" or "s" => 1, "m" or "min" => 60, "h" => 3600, _ => double.NaN };
        return double.TryParse(trimmed[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number * unit <= LongestSeconds
            ? number * unit
            : throw new BalancingException($"\"{text}\" is no time: write for example 90s, 5min or 2h, a week at most.");
    }

    private OwnerRules With(string name, string value) => name switch
    {
        "input" when value.Length == 0 => this with { Input = true },
        "load" => this with { Load = ParseLoad(value) },
        "hours" => this with { Hours = OwnerHours.Parse(value) },
        "command" => this with { Command = value },
        "quiet" => this with { QuietSeconds = ParseSeconds(value) },
        "then" when value == "leave" => this with { Freeze = false, PatienceSeconds = 0 },
        "then" when value == "freeze" => this with { Freeze = true, PatienceSeconds = 0 },
        "then" when value.StartsWith("freeze ", StringComparison.Ordinal) => this with { Freeze = true, PatienceSeconds = ParseSeconds(value[7..]) },
        _ => throw new BalancingException(
            $"\"{name} {value}\" is no owner rule: there are input, load X, hours mon-fri 8:00-18:00, command PATH, quiet TIME, then leave, then freeze [TIME]; put ; between them."),
    };

    private OwnerRules Checked()
    {
        if (IsEmpty)
            throw new BalancingException("no rule says when the owner is there: give input, load, hours or command.");
        if (Command is not null && !(Command.StartsWith("/etc/isobar/", StringComparison.Ordinal) && !Command.Contains("/../", StringComparison.Ordinal) && !Command.Contains(' ', StringComparison.Ordinal)))
            throw new BalancingException($"the owner's command must be a program below /etc/isobar/ of its machine, without arguments, not \"{Command}\": put a script there.");
        if (QuietSeconds <= 0 || (Input && QuietSeconds < LeastQuietOfInput))
            throw new BalancingException(Input ? "with input, quiet is 10 s at least: the kernel tells the time of a terminal's input to 8 s only." : "quiet must be more than 0 s.");
        return this;
    }

    private static double ParseLoad(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double load) && load is > 0 and <= 1000
            ? load
            : throw new BalancingException($"\"{text}\" is no load: write the CPUs in use from which the owner counts as there, for example 0.5.");
}
