using CsCheck;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;

namespace Isobar.Protocol.Tests.Naming;

public sealed class NamesTests
{
    private static readonly string[] Hosts = ["192.0.2.1", "2001:db8::1", "a.example"];

    [Theory]
    [InlineData("alpha", true)]
    [InlineData("n-1", true)]
    [InlineData("a.b", false)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData("Alpha", false)]
    [InlineData("", false)]
    [InlineData("ä", false)]
    public void A_node_name_is_a_lower_case_label(string name, bool isValid) => Assert.Equal(isValid, NodeName.IsValid(name));

    [Fact]
    public void Every_host_name_gives_a_valid_node_name() =>
        Gen.String.Sample(host => Assert.True(NodeName.IsValid(NodeName.FromHostName(host))));

    [Fact]
    public void A_host_name_keeps_its_first_label() => Assert.Equal("build-01", NodeName.FromHostName("Build_01.example.org"));

    [Fact]
    public void A_job_of_a_node_with_dashes_is_found_in_its_server_name()
    {
        Assert.True(ServerNames.TryParseJob(ServerNames.Job("files", "build-01-3"), out var role, out var job));
        Assert.Equal(("files", "build-01-3"), (role, job));
    }

    [Theory]
    [InlineData("alpha.node.isobar")]
    [InlineData("control.job.isobar")]
    [InlineData("x.control.alpha-3.job.isobar")]
    [InlineData("..job.isobar")]
    [InlineData("control./etc.job.isobar")]
    [InlineData(null)]
    public void Other_names_are_no_jobs(string? name) => Assert.False(ServerNames.TryParseJob(name, out _, out _));

    [Fact]
    public void A_node_is_found_in_its_server_name_and_in_no_other()
    {
        Assert.True(ServerNames.TryParseNode(ServerNames.Node("alpha"), out var node));
        Assert.Equal("alpha", node);
        Assert.False(ServerNames.TryParseNode(ServerNames.Store("alpha"), out _));
        Assert.False(ServerNames.TryParseNode("a.b.node.isobar", out _));
    }

    [Theory]
    [InlineData("192.0.2.1:7800", "192.0.2.1", 7800)]
    [InlineData("host.example", "host.example", 7700)]
    [InlineData("[2001:db8::1]:7800", "2001:db8::1", 7800)]
    [InlineData("2001:db8::1", "2001:db8::1", 7700)]
    public void An_address_is_read(string text, string host, int port) => Assert.Equal(new NodeAddress(host, port), NodeAddress.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("host:0")]
    [InlineData("host:65535")]
    [InlineData("host:x")]
    [InlineData("http://host:1")]
    [InlineData("[::1")]
    public void A_wrong_address_is_refused_with_a_sentence(string text) =>
        Assert.Contains("no address of a node", Assert.Throws<ClusterException>(() => NodeAddress.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_address_reads_back_what_it_writes() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 65533]).Sample((which, port) =>
        {
            var address = new NodeAddress(Hosts[which], port);
            Assert.Equal(address, NodeAddress.Parse(address.ToString()));
        });
}
