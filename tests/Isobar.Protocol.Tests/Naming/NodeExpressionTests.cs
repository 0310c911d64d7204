using Isobar.Protocol.Naming;

namespace Isobar.Protocol.Tests.Naming;

public sealed class NodeExpressionTests
{
    [Theory]
    [InlineData("beta,gamma", "beta", true)]
    [InlineData("beta,gamma", "alpha", false)]
    [InlineData("beta gamma", "gamma", true)]
    [InlineData("rack1-*", "rack1-7", true)]
    [InlineData("rack1-*", "rack2-7", false)]
    [InlineData("rack1-*,!rack1-7", "rack1-7", false)]
    [InlineData("rack1-*,!rack1-7", "rack1-8", true)]
    [InlineData("!alpha", "beta", true)]
    [InlineData("!alpha", "alpha", false)]
    [InlineData("!alpha,!b*", "beta", false)]
    [InlineData("node?", "node1", true)]
    [InlineData("node?", "node12", false)]
    [InlineData("*", "anything", true)]
    public void Names_globs_and_negations_say_which_nodes(string expression, string node, bool matches) =>
        Assert.Equal(matches, NodeExpression.Parse(expression).Matches(node));

    [Theory]
    [InlineData("")]
    [InlineData(" , ")]
    [InlineData("!")]
    [InlineData("alpha;beta")]
    [InlineData("a[12]")]
    public void What_names_nothing_is_refused(string expression) => Assert.Throws<NodeExpressionException>(() => NodeExpression.Parse(expression));
}
