using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Dissemination;

/// <summary>Settings of <see cref="Gossip"/>, shared by all nodes.</summary>
public sealed record GossipSettings
{
    public double PeriodSeconds { get; init; } = 0.5;

    public int Window { get; init; } = 16;

    public double WindowAgeSeconds { get; init; }

    public double WantedMeanAgeSeconds { get; init; }

    public int MaxWindow { get; init; } = 64;

    public double MaxAgeSeconds { get; init; } = 30;

    public int Vector { get; init; } = 65536;

    public int AnyOneIn { get; init; } = 5;

    public bool AnyNode { get; init; }

    public bool PushPull { get; init; }

    public double UrgentChange { get; init; }

    public int ChangeFanout { get; init; }

    public static Policy<DisseminationFactory> Policy { get; } = new(
        "gossip",
        "The newest entries to one random node each step (MOSIX2 infod)",
        "MOSIX2 infod; Amar, Barak, Drezner, Okun 2009",
        [
            PolicyParameter.Number("periodSeconds", 0.5, 0.001, 3600, "Seconds per step: infod 500 ms"),
            PolicyParameter.Whole("window", 16, 1, LoadMessageCodec.MaxEntries, "Entries per message, the own one included: 8 in infod's code, 16 in its sample configuration"),
            PolicyParameter.Number("windowAgeSeconds", 0, 0, 86400, "Send only entries younger than this, up to the window; 0 = by count alone"),
            PolicyParameter.Number("wantedMeanAgeSeconds", 0, 0, 86400, "Wanted mean age of the vector: window and period follow from the formula of 2009; 0 = off"),
            PolicyParameter.Whole("maxWindow", 64, 2, LoadMessageCodec.MaxEntries, "Largest window that a wanted age may lead to"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0.01, 86400, "Older entries are not taken, and their node counts as dead; infod has max_age in its message, the value is ours"),
            PolicyParameter.Whole("vector", 65536, 1, 1 << 24, "The most nodes that are remembered"),
            PolicyParameter.Whole("anyOneIn", 5, 1, 1000000, "With probability 1/max(this, alive nodes) any node is chosen, dead or alive ('mindead'): 5 in infod"),
            PolicyParameter.Switch("anyNode", false, "Always choose among all nodes ('reg')"),
            PolicyParameter.Switch("pushPull", false, "Alternate a push to a random node and a pull from the one with the oldest entry ('pushpull')"),
            PolicyParameter.Number("urgentChange", 0, 0, 1e6, "A jump of so many ready tasks makes the entry urgent for those who forward it; 0 = off"),
            PolicyParameter.Whole("changeFanout", 0, 0, 64, "Further random nodes that get the window when a core became free here or the last one was taken; ours"),
        ],
        values =>
        {
            var settings = new GossipSettings
            {
                PeriodSeconds = values["periodSeconds"],
                Window = values.Whole("window"),
                WindowAgeSeconds = values["windowAgeSeconds"],
                WantedMeanAgeSeconds = values["wantedMeanAgeSeconds"],
                MaxWindow = values.Whole("maxWindow"),
                MaxAgeSeconds = values["maxAgeSeconds"],
                Vector = values.Whole("vector"),
                AnyOneIn = values.Whole("anyOneIn"),
                AnyNode = values.On("anyNode"),
                PushPull = values.On("pushPull"),
                UrgentChange = values["urgentChange"],
                ChangeFanout = values.Whole("changeFanout"),
            };
            return (self, roster) => new Gossip(self, roster, settings);
        });
}
