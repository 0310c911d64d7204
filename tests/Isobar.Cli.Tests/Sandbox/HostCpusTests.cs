using Isobar.Cli.Sandbox;

namespace Isobar.Cli.Tests.Sandbox;

public sealed class HostCpusTests
{
    [Fact]
    public void A_host_has_as_many_cpus_as_cores_and_the_sums_are_even()
    {
        HostLimits[] hosts = [new(0.4), new(0.6), new(0.3), new(0.2)];
        Assert.Equal(["1", "0", "1", "0"], HostCpus.Of(hosts, [0, 1]));
        Assert.Equal(["0,1", "2", null], HostCpus.Of([new(1.5), new(0.2), new()], [0, 1, 2]));
    }

    [Fact]
    public void A_host_as_large_as_the_machine_is_not_bound() => Assert.Equal([null, null], HostCpus.Of([new(2), new(1.2)], [0, 1]));

    [Theory]
    [InlineData("0-3,8\n", "0,1,2,3,8")]
    [InlineData("5", "5")]
    [InlineData("\n", "")]
    public void Lists_of_the_kernel_are_read(string list, string cpus) => Assert.Equal(cpus, string.Join(',', HostCpus.Parse(list)));
}
