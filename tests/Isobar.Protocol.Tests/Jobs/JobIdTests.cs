using Isobar.Protocol.Jobs;

namespace Isobar.Protocol.Tests.Jobs;

public sealed class JobIdTests
{
    [Theory]
    [InlineData("alpha-3", "alpha", 3)]
    [InlineData("build-room-12", "build-room", 12)]
    public void The_home_is_part_of_the_name(string text, string home, int number)
    {
        var id = JobId.Parse(text);
        Assert.Equal((home, number), (id.Home, id.Number));
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData("alpha")]
    [InlineData("-3")]
    [InlineData("alpha-")]
    [InlineData("alpha-0")]
    [InlineData("alpha--1x")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_no_job_is_refused(string? text) => Assert.False(JobId.TryParse(text, out _));
}
