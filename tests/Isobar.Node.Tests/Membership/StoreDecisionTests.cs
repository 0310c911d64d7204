using System.Collections.Immutable;
using CsCheck;
using Isobar.Node.Membership;
using Isobar.Node.Store.Supervision;

namespace Isobar.Node.Tests.Membership;

public sealed class StoreDecisionTests
{
    private static readonly string[] Names = ["alpha", "beta", "gamma", "delta", "epsilon"];

    [Fact]
    public void Two_nodes_keep_one_member() => Assert.Null(Next(Roster("alpha+", "beta"), "alpha"));

    [Fact]
    public void The_third_node_makes_the_second_a_member() =>
        Assert.Equal(new StoreDecision.Add("beta"), Next(Roster("alpha+", "beta", "gamma"), "alpha"));

    [Fact]
    public void One_learner_at_a_time_is_promoted_before_the_next_is_added()
    {
        var roster = Roster("alpha+", "beta", "gamma");
        Assert.IsType<StoreDecision.Promote>(Next(roster, "alpha", "beta?"));
        Assert.Equal(new StoreDecision.Note("beta", true), Next(Roster("alpha+", "beta", "gamma!"), "alpha", "beta"));
        Assert.Equal(new StoreDecision.Add("gamma"), Next(roster, "alpha", "beta"));
    }

    [Fact]
    public void Nobody_absent_is_added() => Assert.Equal(new StoreDecision.Add("gamma"), Next(Roster("alpha+", "beta!", "gamma"), "alpha"));

    [Fact]
    public void The_only_member_leaves_after_another_took_over()
    {
        Assert.Equal(new StoreDecision.Add("beta"), Next(Roster("alpha+-", "beta"), "alpha"));
        Assert.IsType<StoreDecision.Promote>(Next(Roster("alpha+-", "beta"), "alpha", "beta?"));
        Assert.Equal("alpha", Assert.IsType<StoreDecision.Remove>(Next(Roster("alpha+-", "beta+"), "alpha", "beta")).Node);
    }

    [Fact]
    public void The_only_member_stays_while_nobody_can_take_over() => Assert.Null(Next(Roster("alpha+-", "beta!"), "alpha"));

    [Fact]
    public void An_evicted_member_is_removed() => Assert.Null(Assert.IsType<StoreDecision.Remove>(Next(Roster("alpha+", "beta+"), "alpha", "beta", "gamma")).Node);

    [Fact]
    public void From_three_to_two_nodes_the_store_shrinks_to_one_and_the_keeper_stays() =>
        Assert.Equal("alpha", Assert.IsType<StoreDecision.Remove>(Next("beta", Roster("alpha+", "beta+"), "alpha", "beta")).Node);

    [Fact]
    public void Whatever_the_beginning_following_the_decisions_ends_with_the_right_members() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 31], Gen.Int[1, 31], Gen.Int[0, 31]).Sample((count, leaving, voting, learner) =>
        {
            var names = Names[..count];
            if (names.Where((_, i) => (leaving >> i & 1) == 0).FirstOrDefault() is not { } self)
                return;
            var nodes = names.Select((n, i) => n + ((leaving >> i & 1) != 0 ? "-" : string.Empty) + ((voting >> i & 1) != 0 ? "+" : string.Empty)).ToArray();
            var members = Names.Where((_, i) => (voting >> i & 1) != 0).ToList();
            if (learner < Names.Length && !members.Contains(Names[learner]))
                members.Add(Names[learner] + "?");
            if (members.All(m => m.EndsWith('?')))
                return;
            var roster = Roster(nodes);
            for (var step = 0; step < 40; step++)
            {
                var hadVote = members.Any(m => !m.EndsWith('?'));
                switch (StoreDecision.Next(roster, Members([.. members]), self, _ => true, Url))
                {
                    case StoreDecision.Add add: members.Add(add.Node + "?"); break;
                    case StoreDecision.Promote promote: members[members.IndexOf(promote.Node + "?")] = promote.Node; break;
                    case StoreDecision.Remove remove: members.RemoveAll(m => m.TrimEnd('?') == remove.Member.Name); break;
                    case StoreDecision.Note note: roster = roster with { Nodes = roster.Nodes.SetItem(note.Node, roster.Nodes[note.Node] with { IsStoreMember = note.IsMember }) }; break;
                    case null:
                        var staying = roster.Nodes.Values.Count(n => !n.IsLeaving);
                        Assert.Equal(staying >= 3 ? 3 : 1, members.Count);
                        Assert.All(members, m => Assert.True(roster.Nodes.TryGetValue(m, out var n) && !n.IsLeaving && n.IsStoreMember));
                        return;
                }
                Assert.True(members.Any(m => !m.EndsWith('?')) || !hadVote, "the last vote was taken away");
            }
            Assert.Fail("the decisions never come to an end: " + string.Join(' ', nodes) + " / " + string.Join(' ', members));
        });

    private static StoreDecision? Next(Roster roster, params string[] members) => Next("alpha", roster, members);

    private static StoreDecision? Next(string self, Roster roster, params string[] members) =>
        StoreDecision.Next(roster, Members(members), self, n => !roster.Nodes[n].Fingerprint.Contains('!', StringComparison.Ordinal), Url);

    /// <summary>"+" the roster notes it as member, "-" leaving, "!" away; in the order of joining.</summary>
    private static Roster Roster(params string[] nodes) => Isobar.Node.Membership.Roster.Empty with
    {
        Nodes = nodes.Select((text, i) => new NodeRecord
        {
            Name = text.TrimEnd('+', '-', '!'),
            Address = $"192.0.2.{i + 1}:7700",
            Fingerprint = text,
            JoinedUnixSeconds = i,
            IsStoreMember = text.Contains('+', StringComparison.Ordinal),
            IsLeaving = text.Contains('-', StringComparison.Ordinal),
        }).ToImmutableSortedDictionary(n => n.Name, n => n, StringComparer.Ordinal),
    };

    /// <summary>"?" a learner.</summary>
    private static List<StoreMemberInfo> Members(params string[] members) =>
        [.. members.Select((m, i) => new StoreMemberInfo((ulong)i, m.TrimEnd('?'), string.Empty, m.EndsWith('?')))];

    private static string Url(NodeRecord node) => node.Address;
}
