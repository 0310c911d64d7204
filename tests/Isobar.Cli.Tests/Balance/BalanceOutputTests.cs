using Isobar.Cli.Balance;
using Isobar.Cli.Jobs;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Tests.Balance;

public sealed class BalanceOutputTests
{
    [Fact]
    public void A_nodes_own_setting_goes_before_the_clusters()
    {
        var reply = new GetSettingsReply();
        reply.Settings.Add(new SettingLine { Name = "profile", Value = "isobar", IsDefault = true });
        reply.Settings.Add(new SettingLine { Name = "profile", Node = "beta", Value = "sprite" });
        Assert.Equal("isobar", ConfigCommand.ValueOf(reply, "profile", ""));
        Assert.Equal("isobar", ConfigCommand.ValueOf(reply, "profile", "alpha"));
        Assert.Equal("sprite", ConfigCommand.ValueOf(reply, "profile", "beta"));
        Assert.Throws<CommandException>(() => ConfigCommand.ValueOf(reply, "no-such", ""));
    }

    [Fact]
    public void Why_has_its_sections_in_order_the_newest_decision_first_and_no_empty_heading()
    {
        var reply = new WhyReply { Place = "alpha-1 runs on beta." };
        reply.Decisions.Add(new WhyDecision { AgeSeconds = 90, What = "old", Outcome = "done" });
        reply.Decisions.Add(new WhyDecision { AgeSeconds = 5, What = "new", Outcome = "moved" });
        reply.WouldMove.Add("on gamma it would get more.");
        using var output = new StringWriter();
        WhyCommand.Write(reply, output);
        Assert.Equal("alpha-1 runs on beta.\nDecided last:\n  5s ago: new: moved\n  1m30s ago: old: done\nWhat it would get elsewhere:\n  on gamma it would get more.\n", output.ToString());
    }

    [Fact]
    public void Ages_of_nodes_are_shown_and_dropped_datagrams_told_by_reason()
    {
        var reply = new LoadsReply { Profile = "isobar", Dissemination = "gossip", PeriodSeconds = 0.5, Gossip = new GossipCounts { Sent = 3, Received = 2, Forged = 4, Replayed = 1 } };
        reply.Nodes.Add(new LoadLine { Node = "alpha", IsSelf = true, IsKnown = true, AgeSeconds = 0.25, Cores = 2 });
        reply.Nodes.Add(new LoadLine { Node = "beta" });
        using var output = new StringWriter();
        LoadsListing.Table(reply).Write(output, isColoured: false);
        var lines = output.ToString().Split('\n');
        Assert.Matches("^alpha\\* +0\\.[23] s ", lines[1]);
        Assert.Matches("^beta +- .*nothing known", lines[2]);
        Assert.Contains("5 dropped (4 forged, 1 replayed", LoadsListing.Sentence(reply), StringComparison.Ordinal);
        reply.Gossip = new GossipCounts();
        Assert.EndsWith("0 dropped", LoadsListing.Sentence(reply), StringComparison.Ordinal);
    }

    [Fact]
    public void The_gain_that_was_predicted_and_the_one_achieved_stand_in_the_ledger()
    {
        var move = new MoveRecord { When = DateTimeOffset.UnixEpoch, From = "alpha", To = "beta", Committed = true, Why = "lifetime: it pays", PredictedGainSeconds = 12.34 };
        using var output = new StringWriter();
        MovesListing.Table([move, move with { AchievedGainSeconds = -1.5 }, move with { PredictedGainSeconds = null, Why = "asked for" }]).Write(output, isColoured: false);
        var lines = output.ToString().Split('\n');
        Assert.Matches(@"12\.3 s +-  lifetime", lines[1]);
        Assert.Matches(@"12\.3 s +-1\.5 s  lifetime", lines[2]);
        Assert.Matches("- +-  asked for", lines[3]);
    }

    [Fact]
    public void What_others_were_predicted_to_gain_explains_why_a_job_went_at_its_own_cost()
    {
        var move = new MoveRecord { When = DateTimeOffset.UnixEpoch, From = "alpha", To = "beta", Committed = true, Why = "lifetime: it pays", PredictedGainSeconds = -0.3 };
        using var output = new StringWriter();
        MovesListing.Table([move with { PredictedOthersGainSeconds = 8.04, AchievedGainSeconds = -1.5 }, move]).Write(output, isColoured: false);
        var lines = output.ToString().Split('\n');
        Assert.Matches(@"PREDICTED +FOR OTHERS +ACHIEVED +WHY", lines[0]);
        Assert.Matches(@"-300 ms +8\.0 s +-1\.5 s  lifetime", lines[1]);
        Assert.Matches(@"-300 ms +- +-  lifetime", lines[2]);
    }

    [Fact]
    public void An_option_with_a_value_before_the_program_is_not_taken_for_the_program() =>
        Assert.Equal(["run", "--max-moves", "3", "--", "sleep", "--max-moves"], RunCommand.MarkProgram(["run", "--max-moves", "3", "sleep", "--max-moves"]));
}
