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
        var cores = new Option<string?>("--cores") { Description = "CPU time of each host in cores: one number for all, e.g. 0.5, or one for each, e.g. 0.6,0.4,0.2 (default: not limited)." };
        var memory = new Option<string?>("--memory") { Description = "Memory of each host, e.g. 512M, or one size for each, e.g. 1G,2G,2G (default: not limited)." };
        var command = new Command("up", "Make the hosts, and a running cluster of them.") { count, names, bare, cores, memory, SandboxCommand.SandboxOption };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var place = SandboxCommand.PlaceOf(parsed);
            var hosts = NamesOf(parsed.GetValue(count), parsed.GetValue(names));
            var sandbox = await SandboxCluster.UpAsync(place, hosts, LimitsOf(hosts.Count, parsed.GetValue(cores), parsed.GetValue(memory)), cancellation).ConfigureAwait(false);
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

    private static IReadOnlyList<HostLimits> LimitsOf(int hosts, string? cores, string? memory)
    {
        var (ofCores, ofMemory) = (ForEach("--cores", cores, hosts), ForEach("--memory", memory, hosts));
        return [.. Enumerable.Range(0, hosts).Select(i => new HostLimits(CoresOf(ofCores[i]), ByteSize.Parse(ofMemory[i])))];
    }

    /// <summary>One value for all hosts, or one for each in their order.</summary>
    private static string?[] ForEach(string option, string? list, int hosts)
    {
        var values = list?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        return values.Length switch
        {
            0 => new string?[hosts],
            1 => [.. Enumerable.Repeat(values[0], hosts)],
            _ when values.Length == hosts => values,
            _ => throw new SandboxException($"{option} has {values.Length} values for {hosts} hosts: give one for all, or one for each."),
        };
    }

    private static double? CoresOf(string? text)
    {
        if (text is null)
            return null;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cores) && cores is >= 0.05 and <= 4096
            ? cores
            : throw new SandboxException($"--cores {text} is no size of a host: use a number of 0.05 or more.");
    }
}
