using System.CommandLine;
using Isobar.Cli.Sim;
using Isobar.Simulation;

namespace Isobar.Cli.Tests.Sim;

public sealed class WorldOptionsTests
{
    [Fact]
    public void Machines_that_change_are_taken_over()
    {
        var changes = ChangesOf("40:1:1x0.25", "60.5:0:2");
        Assert.Equal([(40, 1, 0.25), (60.5, 0, 2)], changes.Select(change => (change.At, change.Node, change.Cores.Capacity)));
        Assert.Empty(ChangesOf());
    }

    [Theory]
    [InlineData("40:1")]
    [InlineData("soon:1:1")]
    [InlineData("40:-1:1")]
    [InlineData("40:1:0")]
    [InlineData("40:1:1:1")]
    public void A_change_that_says_no_such_thing_is_told(string text) =>
        Assert.Contains("write ", Assert.Throws<SimulationException>(() => ChangesOf(text)).Message, StringComparison.Ordinal);

    private static IReadOnlyList<Isobar.Simulation.World.MachineChange> ChangesOf(params string[] texts)
    {
        var options = new WorldOptions();
        var command = new Command("run");
        options.AddTo(command);
        return options.Scenario(command.Parse([.. texts.SelectMany(text => (string[])["--change", text])])).Changes;
    }
}
