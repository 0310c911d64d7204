using CsCheck;
using Isobar.Balancing.Dissemination;

namespace Isobar.Balancing.Tests.Dissemination;

public sealed class GossipAgeTests
{
    /// <summary>systems.md A2b and scoreboard 3.</summary>
    [Theory]
    [InlineData(16, 8, 3.72, 6.1)]
    [InlineData(64, 8, 9.56, 37.0)]
    [InlineData(64, 16, 6.35, 18.5)]
    [InlineData(256, 16, 18.27, 97.4)]
    [InlineData(256, 32, 11.01, 48.7)]
    [InlineData(1024, 32, 34.97, 239.9)]
    [InlineData(1024, 64, 19.7, 119.9)]
    public void Formulas_give_the_published_numbers(int nodes, int window, double mean, double max)
    {
        Assert.Equal(mean, GossipAge.Mean(nodes, window), mean * 0.003);
        Assert.Equal(max, GossipAge.Max(nodes, window), max * 0.01);
    }

    [Fact]
    public void Entries_within_the_windows_age_are_the_window() =>
        Gen.Select(Gen.Int[8, 5000], Gen.Double[0.05, 0.9]).Sample((nodes, share) =>
        {
            double window = Math.Max(2, share * nodes);
            Assert.Equal(window, GossipAge.EntriesWithin(nodes, GossipAge.WindowAge(nodes, window)), window * 1e-6);
        });

    [Fact]
    public void A_wanted_age_gets_the_smallest_window_that_gives_it() =>
        Gen.Select(Gen.Int[4, 2000], Gen.Double[0.2, 60], Gen.Double[0.05, 5]).Sample((nodes, wanted, period) =>
        {
            (int window, double actual) = GossipAge.For(nodes, wanted, period, 64);
            Assert.InRange(window, 2, 64);
            Assert.True(actual <= period);
            Assert.True(GossipAge.Mean(nodes, window) * actual <= wanted * (1 + 1e-9));
            if (actual == period && window > 2)
                Assert.True(GossipAge.Mean(nodes, window - 1) * period > wanted);
            if (actual < period)
                Assert.Equal(Math.Min(64, nodes - 1), window);
        });

    [Theory]
    [InlineData(16, 8, 3.52, 7.7)]
    [InlineData(64, 16, 6.74, 20.5)]
    [InlineData(256, 32, 11.9, 51.1)]
    public void The_protocol_itself_has_the_ages_that_were_simulated(int nodes, int window, double mean, double max)
    {
        var net = new ProtocolNet(nodes, "gossip", parameters: [("window", window), ("periodSeconds", 1), ("maxAgeSeconds", 10000), ("anyNode", 1)]);
        for (int i = 0; i < 100; i++)
            net.Round(1);
        double means = 0;
        double maxima = 0;
        const int Rounds = 80;
        for (int i = 0; i < Rounds; i++)
        {
            net.Round(1);
            (double m, double x, _) = net.Ages();
            means += m / Rounds;
            maxima += x / Rounds;
        }

        Assert.Equal(mean, means, mean * 0.15);
        Assert.Equal(max, maxima, max * 0.3);
    }

    /// <summary>Below four nodes a message holds all that there is, and the period is the wanted age.</summary>
    [Theory]
    [InlineData(1, 5, 1, 0.5)]
    [InlineData(3, 5, 3, 0.5)]
    [InlineData(3, 0.2, 3, 0.2)]
    [InlineData(4, 60, 2, 0.5)]
    [InlineData(5, 60, 2, 0.5)]
    public void A_handful_of_nodes_needs_no_formula(int nodes, double wanted, int window, double period) =>
        Assert.Equal((window, period), GossipAge.For(nodes, wanted, 0.5, 64));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_window_holds_two_entries_at_least_and_the_period_becomes_shorter(int maxWindow)
    {
        (int window, double period) = GossipAge.For(64, 1, 0.5, maxWindow);
        Assert.Equal(2, window);
        Assert.Equal(1 / GossipAge.Mean(64, 2), period, 9);
    }

    [Fact]
    public void A_user_who_wants_an_age_gets_it()
    {
        var net = new ProtocolNet(64, "gossip", parameters: [("wantedMeanAgeSeconds", 3), ("periodSeconds", 0.5), ("maxAgeSeconds", 1000)]);
        var gossip = (Gossip)net.Nodes[0];
        Assert.Equal(0.5, gossip.PeriodSeconds);
        Assert.True(gossip.Window < 24);
        double sum = 0;
        for (int i = 0; i < 300; i++)
        {
            net.Round(gossip.PeriodSeconds);
            if (i >= 100)
                sum += net.Ages().Mean / 200;
        }

        Assert.Equal(3, sum, 0.45);
    }
}
