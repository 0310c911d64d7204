using CsCheck;
using Isobar.Balancing.Consideration.Owners;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>When an owner counts as there: rules as text, times of the week, and the seconds since he was seen.</summary>
public sealed class OwnerPresenceTests
{
    private static readonly DateTime Monday = new(2026, 11, 23, 0, 0, 0, DateTimeKind.Local);
    private static readonly Instant Start = Instant.FromSeconds(50_000);

    [Theory]
    [InlineData("input; quiet 30; then freeze", "input; quiet 30; then freeze")]
    [InlineData(" load 0.5 ;hours mon-fri 8:00-18:00,sat 9-12", "load 0.5; hours mon-fri 8:00-18:00, sat 9-12; quiet 300; then leave")]
    [InlineData("command /etc/isobar/here;quiet 2min;then freeze 1h", "command /etc/isobar/here; quiet 120; then freeze 3600")]
    [InlineData("input; quiet 10", "input; quiet 10; then leave")]
    [InlineData("load 1000; quiet 168h", "load 1000; quiet 604800; then leave")]
    public void Rules_are_read_and_written_alike(string text, string expected)
    {
        OwnerRules rules = OwnerRules.Parse(text);
        Assert.Equal(expected, rules.ToString());
        Assert.Equal(expected, OwnerRules.Parse(expected).ToString());
    }

    [Theory]
    [InlineData("", "no rule says")]
    [InlineData("quiet 5", "no rule says")]
    [InlineData("input; quiet 9", "10 s at least")]
    [InlineData("load much", "is no load")]
    [InlineData("keyboard", "is no owner rule")]
    [InlineData("hours mon-fry 8-9", "is no day")]
    [InlineData("hours 8-25", "is no time of day")]
    [InlineData("hours 8-24:30", "is no time of day")]
    [InlineData("hours 8:60-9", "is no time of day")]
    [InlineData("hours 8:0:0-9", "is no time of day")]
    [InlineData("hours mon-tue-fri 8-9", "is no day")]
    [InlineData("hours mon fri 8-9", "is no time of the week")]
    [InlineData("hours 8-9-10", "no span of time")]
    [InlineData("load 1001", "is no load")]
    [InlineData("load 1; quiet 169h", "is no time")]
    [InlineData("hours mon", "no span of time")]
    [InlineData("load 1; quiet 8 days", "is no time")]
    [InlineData("command who", "below /etc/isobar/")]
    [InlineData("command /etc/isobar/../../bin/sh", "below /etc/isobar/")]
    [InlineData("load 1; then kill", "is no owner rule")]
    public void What_is_wrong_is_said_in_a_sentence(string text, string part) =>
        Assert.Contains(part, Assert.Throws<BalancingException>(() => OwnerRules.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("mon-fri 8:00-18:00", 0, "8:00", true)]
    [InlineData("mon-fri 8:00-18:00", 0, "7:59", false)]
    [InlineData("mon-fri 8:00-18:00", 4, "17:59", true)]
    [InlineData("mon-fri 8:00-18:00", 4, "18:00", false)]
    [InlineData("mon-fri 8:00-18:00", 5, "12:00", false)]
    [InlineData("sat-mon 0:00-24:00", 6, "12:00", true)]
    [InlineData("sat-mon 0:00-24:00", 1, "0:00", false)]
    [InlineData("fri 22:00-6:00", 4, "23:00", true)]
    [InlineData("fri 22:00-6:00", 5, "5:59", true)]
    [InlineData("fri 22:00-6:00", 4, "5:00", false)]
    [InlineData("8-9, 17-18", 2, "17:30", true)]
    [InlineData("8-9, 17-18", 5, "8:30", true)]
    [InlineData("8-9, 17-18", 6, "8:30", true)]
    public void Hours_are_those_of_the_week(string hours, int daysAfterMonday, string time, bool there) =>
        Assert.Equal(there, OwnerHours.Parse(hours).Contains(Monday.AddDays(daysAfterMonday) + TimeSpan.Parse(time, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void The_newest_sign_counts_and_says_why()
    {
        var presence = new OwnerPresence();
        OwnerRules rules = OwnerRules.Parse("input; load 0.5");
        Assert.Equal(double.PositiveInfinity, presence.IdleSeconds(Start));
        presence.Update(Start, rules, new OwnerSignals(40, 0.1, Monday, null));
        Assert.Equal(40, presence.IdleSeconds(Start), 6);
        Assert.Contains("keyboard", presence.Why, StringComparison.Ordinal);
        presence.Update(Start + 1, rules, new OwnerSignals(41, 0.5, Monday, null));
        Assert.Equal(0, presence.IdleSeconds(Start + 1), 6);
        Assert.Contains("0.50", presence.Why, StringComparison.Ordinal);
        presence.Update(Start + 11, rules, new OwnerSignals(51, 0.49, Monday, null));
        Assert.Equal(10, presence.IdleSeconds(Start + 11), 6);
        presence.Forget();
        Assert.Equal(double.PositiveInfinity, presence.IdleSeconds(Start + 11));
    }

    [Fact]
    public void Only_what_a_rule_names_counts_but_without_any_rule_input_does()
    {
        var presence = new OwnerPresence();
        presence.Update(Start, OwnerRules.Parse("command /etc/isobar/here"), new OwnerSignals(0, 9, Monday, false));
        Assert.Equal(double.PositiveInfinity, presence.IdleSeconds(Start));
        presence.Update(Start, OwnerRules.Parse("command /etc/isobar/here"), new OwnerSignals(0, 9, Monday, true));
        Assert.Equal(0, presence.IdleSeconds(Start));
        presence.Forget();
        presence.Update(Start, OwnerRules.None, new OwnerSignals(7, 9, Monday, true));
        Assert.Equal(7, presence.IdleSeconds(Start), 6);
    }

    /// <summary>However the signs come: never negative, never more than the time since the last sign, and time passes.</summary>
    [Fact]
    public void Idle_time_is_the_time_since_the_last_sign() =>
        Gen.Select(Gen.Double[0.1, 5], Gen.Bool).Array[1, 60].Sample(steps =>
        {
            var presence = new OwnerPresence();
            OwnerRules rules = OwnerRules.Parse("command /etc/isobar/here; quiet 5");
            Instant now = Start;
            Instant? last = null;
            foreach ((double pause, bool says) in steps)
            {
                now += pause;
                presence.Update(now, rules, new OwnerSignals(double.PositiveInfinity, 0, Monday, says));
                last = says ? now : last;
                double expected = last is { } seen ? now - seen : double.PositiveInfinity;
                Assert.Equal(expected, presence.IdleSeconds(now), 6);
            }
        });
}
