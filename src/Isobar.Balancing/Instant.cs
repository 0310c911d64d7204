namespace Isobar.Balancing;

/// <summary>
/// A moment, in whole nanoseconds since a start that the host chooses (boot of the daemon, start of the simulation).
/// </summary>
/// <remarks>
/// Whole nanoseconds and not double seconds: moments are compared, ordered and put in event queues, so equal must mean equal on
/// every machine and a million periods of 0.1 s must not drift. The range is 292 years. Durations are double seconds, since
/// every formula and every parameter is in seconds; up to 104 days the difference of two instants is exact.
/// </remarks>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    public static readonly Instant Zero;

    /// <summary>Earlier than anything that happened: "never".</summary>
    public static readonly Instant Never = new(long.MinValue / 4);

    /// <summary>Later than anything that will happen.</summary>
    public static readonly Instant Forever = new(long.MaxValue / 4);

    public double Seconds => Nanoseconds / 1e9;

    public static Instant FromSeconds(double seconds) => new((long)Math.Round(seconds * 1e9));

    public static Instant operator +(Instant moment, double seconds) => new(moment.Nanoseconds + (long)Math.Round(seconds * 1e9));

    public static Instant operator -(Instant moment, double seconds) => new(moment.Nanoseconds - (long)Math.Round(seconds * 1e9));

    /// <summary>Seconds from <paramref name="earlier"/> to <paramref name="later"/>; negative if they are swapped.</summary>
    public static double operator -(Instant later, Instant earlier) => (later.Nanoseconds - earlier.Nanoseconds) / 1e9;

    public static bool operator <(Instant left, Instant right) => left.Nanoseconds < right.Nanoseconds;

    public static bool operator >(Instant left, Instant right) => left.Nanoseconds > right.Nanoseconds;

    public static bool operator <=(Instant left, Instant right) => left.Nanoseconds <= right.Nanoseconds;

    public static bool operator >=(Instant left, Instant right) => left.Nanoseconds >= right.Nanoseconds;

    public static Instant Add(Instant left, double right) => left + right;

    public static double Subtract(Instant left, Instant right) => left - right;

    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public override string ToString() => $"{Seconds:0.######} s";
}
