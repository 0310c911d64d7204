using System.CommandLine;
using System.Globalization;

namespace Isobar.Cli.Sandbox.Commands;

internal static class UpCommand
{
    public static Command Create()
    {
        var count = new Argument<int?>("N") { Description = "How many hosts (default 3, or as many as --name names).", Arity = ArgumentArity.ZeroOrOne };
        var names = new Option<string?>("--name") { Description = "Their names, separated by commas (default alpha,beta,gamma,...)." };
        var bare = new Option<bool>("--bare") { Description = "Hosts without daemons." };
        var cores = new Option<double?>("--cores") { Description = "CPU time of each host in cores, e.g. 0.5 (default: not limited)." };
        var memory = new Option<string?>("--memory") { Description = "Memory of each host, e.g. 512M or 2G (default: not limited)." };
        var command = new Command("up", "Make the hosts, and a running cluster of them.") { count, names, bare, cores, memory, SandboxCommand.SandboxOption };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var place = SandboxCommand.PlaceOf(parsed);
            var limits = new HostLimits(CoresOf(parsed.GetValue(cores)), ByteSize.Parse(parsed.GetValue(memory)));
            var sandbox = await SandboxCluster.UpAsync(place, NamesOf(parsed.GetValue(count), parsed.GetValue(names)), limits, cancellation).ConfigureAwait(false);
            if (!parsed.GetValue(bare))
                await JoinAsync(sandbox, cancellation).ConfigureAwait(false);
            foreach (var host in sandbox.Hosts)
                await output.WriteLineAsync($"{host.Name,-10} {host.Address}").ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static async Task JoinAsync(SandboxCluster sandbox, CancellationToken cancellation)
    {
        try
        {
            var daemons = new SandboxDaemons(sandbox, SandboxPrograms.Beside(Environment.ProcessPath!));
            await daemons.CreateClusterAsync("sandbox", cancellation).ConfigureAwait(false);
        }
        catch
        {
            await SandboxCluster.DownAsync(sandbox.Place, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private static IReadOnlyList<string> NamesOf(int? count, string? names)
    {
        if (names is null)
            return SandboxCluster.DefaultNames(count ?? 3);
        var list = names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (count is { } wanted && wanted != list.Length)
            throw new SandboxException($"{wanted} hosts were asked for, but --name names {list.Length}: leave out one of the two.");
        return list;
    }

    private static double? CoresOf(double? cores) => cores is null or (>= 0.05 and <= 4096)
        ? cores
        : throw new SandboxException(string.Create(CultureInfo.InvariantCulture, $"--cores {cores} is out of range: use 0.05 or more."));
}
