using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Consideration.Owners;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Node.Policies;

namespace Isobar.Node.Tests.Policies;

public sealed class PolicySetTests
{
    private static readonly CoreSet Cores = CoreSet.Uniform(2);

    [Fact]
    public void Every_shipped_profile_can_run_on_a_live_node()
    {
        var numbers = NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2)), "alpha");
        foreach (var name in ProfileReader.Shipped)
        {
            var set = PolicySet.Create(null, ProfileReader.Load(name), numbers, Cores, OwnerRules.None, 0);
            Assert.False(set.Protocol.IsOracle, $"{name} wants perfect knowledge");
            Assert.Equal(numbers.Self, set.Protocol.Self);
        }
    }

    [Fact]
    public void Central_profiles_have_the_same_manager_on_every_node_and_others_none()
    {
        var roster = NodeNumbersTests.Of(("beta", "00000002", 1), ("alpha", "00000001", 2));
        foreach (var name in ProfileReader.Shipped)
        {
            var profile = ProfileReader.Load(name);
            var managers = roster.Nodes.Keys.Select(node => ManagerOf(profile, NodeNumbers.Of(roster, node))).Distinct().ToList();
            var isCentral = name is "sprite" or "condor" or "glunix" or "amoeba-pool";
            Assert.Equal(isCentral ? "beta" : null, Assert.Single(managers));
        }

        static string? ManagerOf(Profile profile, NodeNumbers numbers)
        {
            var manager = PolicySet.Create(null, profile, numbers, Cores, OwnerRules.None, 0).Manager;
            return manager.IsNone ? null : numbers.NameOf(manager);
        }
    }

    [Fact]
    public void What_is_known_of_others_outlives_a_change_of_members_or_profile()
    {
        var two = NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2)), "alpha");
        var three = NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2), ("gamma", "00000003", 3)), "alpha");
        var profile = ProfileReader.Load("isobar");
        var set = PolicySet.Create(null, profile, two, Cores, OwnerRules.None, 0);
        set.Protocol.View.Merge(new LoadEntry { Node = two.NumberOf("beta"), Ready = 5, Sequence = 1, Stamp = Instant.FromSeconds(1), Cores = 1, Capacity = 1, Speed = 1, SlowestSpeed = 1 });

        var grown = PolicySet.Create(set, profile, three, Cores, OwnerRules.None, 0);
        Assert.True(grown.Protocol.View.TryGet(three.NumberOf("beta"), out var entry));
        Assert.Equal(5, entry.Ready);
        Assert.Same(set.Rules, grown.Rules);
        Assert.True(grown.Protocol.View.Capacity >= 2);

        var other = PolicySet.Create(grown, ProfileReader.Load("openmosix"), three, Cores, OwnerRules.None, 0);
        Assert.True(other.Protocol.View.TryGet(three.NumberOf("beta"), out _));

        // One who left is forgotten.
        var alone = PolicySet.Create(grown, profile, NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1)), "alpha"), Cores, OwnerRules.None, 0);
        Assert.Equal(0, alone.Protocol.View.Count);
    }

    [Fact]
    public void A_wanted_age_changes_the_gossip_and_nothing_else()
    {
        var numbers = NodeNumbers.Of(NodeNumbersTests.Of([.. Enumerable.Range(1, 50).Select(i => ($"n{i}", i.ToString("x8", System.Globalization.CultureInfo.InvariantCulture), (long)i))]), "n1");
        var profile = ProfileReader.Load("isobar");
        var plain = PolicySet.Create(null, profile, numbers, Cores, OwnerRules.None, 0);
        var quick = PolicySet.Create(null, profile, numbers, Cores, OwnerRules.None, 0.5);
        var slow = PolicySet.Create(null, profile, numbers, Cores, OwnerRules.None, 60);
        Assert.Equal(0.5, plain.Protocol.PeriodSeconds);
        Assert.NotEqual(Pace(quick), Pace(slow));
        Assert.Equal(profile.Name, quick.Profile.Name);
    }

    /// <summary>Where jobs may be, an owner and a drain go before every profile; balance, and want of memory, do not.</summary>
    [Fact]
    public void A_profile_that_moves_nothing_still_moves_what_must_be_moved_in_every_profile()
    {
        var numbers = NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2)), "alpha");
        var still = ProfileReader.Load("glunix");
        Assert.Equal(MoveStyle.None, still.Settings.Move);
        var none = PolicySet.Create(null, still, numbers, Cores, OwnerRules.None, 0);
        var moves = PolicySet.Create(null, ProfileReader.Load("isobar"), numbers, Cores, OwnerRules.None, 0);
        Assert.Equal([true, true, false], Grounds().Select(ground => none.Forbids(Action(ActionKind.Move, ground))));
        Assert.All(Grounds(), ground => Assert.False(moves.Forbids(Action(ActionKind.Move, ground))));
        Assert.All(Grounds(), ground => Assert.False(none.Forbids(Action(ActionKind.Suspend, ground))));

        static Ground[] Grounds() => [Ground.Gain, Ground.Need, Ground.NeedInEveryProfile];
        static PlannedAction Action(ActionKind kind, Ground ground) => new(kind, new JobId(1), new NodeId(1), new NodeId(2), NodeId.None, default) { Ground = ground };
    }

    private static (double Period, int Window) Pace(PolicySet set)
    {
        var gossip = Assert.IsType<Isobar.Balancing.Dissemination.Gossip>(set.Protocol);
        return (gossip.PeriodSeconds, gossip.Window);
    }
}
