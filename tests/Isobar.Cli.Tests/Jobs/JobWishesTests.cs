using Isobar.Cli.Jobs;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Tests.Jobs;

namespace Isobar.Cli.Tests.Jobs;

/// <summary>A job's standing wishes: options before the environment before the user's file before the program's.</summary>
public sealed class JobWishesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-wishes-").FullName;
    private readonly Dictionary<string, string> _environment = [];

    public JobWishesTests()
    {
        _environment["HOME"] = Path.Combine(_folder, "home");
        _environment["PATH"] = Path.Combine(_folder, "bin");
        Directory.CreateDirectory(Path.Combine(_folder, "bin"));
        Directory.CreateDirectory(Path.Combine(_folder, "home/.config/isobar"));
        File.WriteAllText(Path.Combine(_folder, "bin/solver"), "");
    }

    [Fact]
    public void Nearer_wishes_go_before_farther_ones_and_why_can_tell_them_apart()
    {
        File.WriteAllText(Path.Combine(_folder, "bin/solver.isobar"), "# of the program's maker\nmin-memory = 8G\nnodes = big-*\npriority=low\n");
        File.WriteAllText(Path.Combine(_folder, "home/.config/isobar/solver.isobar"), "nodes = beta, gamma\n");
        _environment["ISOBAR_PRIORITY"] = "150";
        var spec = Collect("solver", ("max-moves", "3")).In(TestJob.Spec);
        Assert.Equal(("beta,gamma", 8L << 30, 150, 3, false), (spec.Nodes, spec.MinMemoryBytes, spec.Priority, spec.MaxMoves, spec.Stay));
        Assert.Equal(
            $"nodes beta, gamma ({_folder}/home/.config/isobar/solver.isobar), min-memory 8G ({_folder}/bin/solver.isobar), max-moves 3 (--max-moves), priority 150 (ISOBAR_PRIORITY)",
            spec.Wishes);
    }

    [Fact]
    public void A_node_that_is_named_goes_before_a_standing_wish_for_others_but_not_before_an_option()
    {
        _environment["ISOBAR_NODES"] = "gamma";
        Assert.Null(JobWishes.Collect(new Dictionary<string, string?>(), Look, "solver", hasNode: true).In(TestJob.Spec).Nodes);
        Assert.Equal("delta", JobWishes.Collect(new Dictionary<string, string?> { ["nodes"] = "delta" }, Look, "solver", hasNode: true).In(TestJob.Spec).Nodes);
    }

    [Fact]
    public void Without_wishes_there_is_nothing_to_tell()
    {
        var spec = Collect("solver").In(TestJob.Spec);
        Assert.Equal((null, null, JobPriority.Normal, 0L), (spec.Wishes, spec.Nodes, spec.Priority, spec.MinMemoryBytes));
    }

    [Theory]
    [InlineData("nodes = a;b", "names no nodes")]
    [InlineData("stay = perhaps", "neither yes nor no")]
    [InlineData("min-memory = much", "is no size")]
    [InlineData("max-moves = -1", "is no number of moves")]
    [InlineData("priority = 0", "is no priority")]
    [InlineData("node = beta", "is no wish")]
    public void What_is_wrong_is_said_with_its_place(string line, string part)
    {
        var file = Path.Combine(_folder, "bin/solver.isobar");
        File.WriteAllText(file, line + "\n");
        var failure = Assert.Throws<CommandException>(() => Collect("solver").In(TestJob.Spec));
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run --nodes beta ls -l", "run --nodes beta -- ls -l")]
    [InlineData("run --priority low --min-memory 1G --stay ls --nodes x", "run --priority low --min-memory 1G --stay -- ls --nodes x")]
    public void Everything_after_the_program_is_the_programs(string given, string parsed) =>
        Assert.Equal(parsed.Split(' '), RunCommand.MarkProgram(given.Split(' ')));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string? Look(string name) => _environment.GetValueOrDefault(name);

    private JobWishes Collect(string program, params (string Name, string Value)[] options) =>
        JobWishes.Collect(options.ToDictionary(option => option.Name, option => (string?)option.Value), Look, program, hasNode: false);
}
