using System.Globalization;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>
/// Times of the week, of the machine's own clock: <c>mon-fri 8:00-18:00, sat 9:00-12:30</c>. Without days it is every day; a span over midnight
/// (<c>fri 22:00-6:00</c>) belongs to the day on which it begins. Immutable.
/// </summary>
public sealed class OwnerHours
{
    private const int DayMinutes = 24 * 60;
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly List<Span> _spans;
    private readonly string _text;

    private OwnerHours(List<Span> spans, string text) => (_spans, _text) = (spans, text);

    /// <exception cref="BalancingException">The text is no time of the week; the message says what is wrong.</exception>
    public static OwnerHours Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var spans = new List<Span>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            spans.Add(ParseSpan(part));
        return spans.Count > 0
            ? new OwnerHours(spans, string.Join(", ", text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
            : throw new BalancingException("the hours are empty: write for example mon-fri 8:00-18:00.");
    }

    public bool Contains(DateTime local)
    {
        int minute = local.Hour * 60 + local.Minute;
        int today = (int)local.DayOfWeek;
        int yesterday = (today + 6) % 7;
        foreach (Span span in _spans)
        {
            bool overMidnight = span.End <= span.Begin;
            bool now = span.Has(today) && minute >= span.Begin && (overMidnight || minute < span.End);
            if (now || (overMidnight && span.Has(yesterday) && minute < span.End))
                return true;
        }

        return false;
    }

    public override string ToString() => _text;

    private static Span ParseSpan(string part)
    {
        string[] words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is < 1 or > 2)
            throw new BalancingException($"\"{part}\" is no time of the week: write for example mon-fri 8:00-18:00.");
        int days = words.Length == 1 ? 0b1111111 : ParseDays(words[0], part);
        string[] ends = words[^1].Split('-');
        if (ends.Length != 2)
            throw new BalancingException($"\"{words[^1]}\" is no span of time: write for example 8:00-18:00.");
        return new Span(days, Minute(ends[0]), Minute(ends[1]));
    }

    private static int ParseDays(string word, string part)
    {
        string[] ends = word.ToLowerInvariant().Split('-');
        int first = Array.IndexOf(Days, ends[0]);
        int last = Array.IndexOf(Days, ends[^1]);
        if (ends.Length > 2 || first < 0 || last < 0)
            throw new BalancingException($"\"{word}\" in \"{part}\" is no day: the days are {string.Join(", ", Days)}, or two with a hyphen between them.");
        int days = 0;
        for (int day = first; ; day = (day + 1) % 7)
        {
            days |= 1 << day;
            if (day == last)
                return days;
        }
    }

    private static int Minute(string text)
    {
        string[] parts = text.Split(':');
        int hour = Number(parts[0]);
        int minute = parts.Length == 2 ? Number(parts[1]) : parts.Length == 1 ? 0 : -1;
        return hour is >= 0 and <= 24 && minute is >= 0 and < 60 && (hour * 60) + minute <= DayMinutes
            ? (hour * 60) + minute
            : throw new BalancingException($"\"{text}\" is no time of day: write for example 8:00, from 0:00 to 24:00.");
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;

    private readonly record struct Span(int Days, int Begin, int End)
    {
        public bool Has(int day) => (Days & (1 << day)) != 0;
    }
}
