using Isobar.Cli.Terminal;

namespace Isobar.Cli.Tests.Terminal;

public sealed class TextTableTests
{
    [Fact]
    public void Columns_are_aligned_and_lines_end_without_blanks()
    {
        var table = new TextTable(new("NODE"), new("LOAD", true), new("KERNEL"));
        table.Add("alpha", "0.5", "6.12");
        table.Add("b", "12.0", "6.1");
        Assert.Equal("NODE   LOAD  KERNEL\nalpha   0.5  6.12\nb      12.0  6.1\n", Text(table, false));
    }

    [Fact]
    public void Colours_do_not_shift_columns()
    {
        var table = new TextTable(new("A"), new("B"));
        table.Add(new TextTable.Cell("up", Paint.Green), "x");
        Assert.Equal("\e[1mA\e[0m   \e[1mB\e[0m\n\e[32mup\e[0m  x\n", Text(table, true));
    }

    [Fact]
    public void The_last_column_is_cut_where_the_terminal_ends_but_never_its_title()
    {
        var table = new TextTable(new("JOB"), new("COMMAND"));
        table.Add("alpha-1", "a long command");
        Assert.Equal("JOB      COMMAND\nalpha-1  a long com\n", Text(table, false, 19));
        Assert.Equal("JOB      COMMAND\nalpha-1  a long \n".Replace(" \n", "\n", StringComparison.Ordinal), Text(table, false, 5));
        Assert.Equal("JOB      COMMAND\nalpha-1  a long command\n", Text(table, false));
    }

    [Fact]
    public void An_empty_last_cell_leaves_no_blanks()
    {
        var table = new TextTable(new("NODE"), new("SAYS"));
        table.Add("alpha", "");
        Assert.Equal("NODE   SAYS\nalpha\n", Text(table, false));
    }

    [Theory]
    [InlineData(30, "JOB      NODE    TIME  COMMAND\nalpha-1  beta       9  a long \n")]
    [InlineData(29, "JOB      NODE    COMMAND\nalpha-1  beta    a long comma\n")]
    [InlineData(22, "JOB      COMMAND\nalpha-1  a long comman\n")]
    [InlineData(10, "JOB      COMMAND\nalpha-1  a long \n")]
    public void Where_there_is_no_room_columns_are_left_out_by_their_rank(int width, string expected)
    {
        var table = new TextTable(new("JOB"), new("NODE", Rank: 1, Least: 6), new("TIME", IsRight: true, Rank: 2), new("COMMAND", Least: 7));
        table.Add("alpha-1", "beta", "9", "a long command");
        Assert.Equal(expected.Replace(" \n", "\n", StringComparison.Ordinal), Text(table, false, width));
        Assert.Equal("JOB      NODE    TIME  COMMAND\nalpha-1  beta       9  a long command\n", Text(table, false));
    }

    [Fact]
    public void There_are_no_colours_in_a_file() => Assert.False(TextTable.IsColoured(new StringWriter()));

    private static string Text(TextTable table, bool isColoured, int width = int.MaxValue)
    {
        var output = new StringWriter();
        table.Write(output, isColoured, width);
        return output.ToString();
    }
}
