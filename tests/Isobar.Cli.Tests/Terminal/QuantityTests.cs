using Isobar.Cli.Terminal;

namespace Isobar.Cli.Tests.Terminal;

public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0B")]
    [InlineData(999, "999B")]
    [InlineData(1024, "1.0K")]
    [InlineData(1536L << 20, "1.5G")]
    [InlineData(999L << 30, "999G")]
    [InlineData(1000L << 30, "1.0T")]
    [InlineData(long.MaxValue, "8192P")]
    public void Bytes_have_at_most_a_few_figures(long bytes, string text) => Assert.Equal(text, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(0.4, "0s")]
    [InlineData(250, "4m10s")]
    [InlineData(7500, "2h5m")]
    [InlineData(273600, "3d4h")]
    public void Times_have_two_units(double seconds, string text) => Assert.Equal(text, Quantity.Time(seconds));

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    public void A_time_is_read(string text, double seconds) => Assert.Equal(seconds, Quantity.ParseTime(text).TotalSeconds);

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-5m")]
    [InlineData("10x")]
    [InlineData("99999999999999999999d")]
    public void Nonsense_is_no_time(string text) => Assert.Throws<CommandException>(() => Quantity.ParseTime(text));
}
