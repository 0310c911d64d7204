using System.CommandLine;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;

namespace Isobar.Node.Hosting;

/// <summary>The daemon's command line, and the configuration file below it.</summary>
internal static class DaemonCommand
{
    private const string DefaultConfiguration = "/etc/isobar/isobard.json";

    public static RootCommand Create(Func<DaemonOptions, CancellationToken, Task<int>> run)
    {
        var config = new Option<string>("--config") { HelpName = "FILE", Description = "Configuration file; its keys are the options' names in camelCase", DefaultValueFactory = _ => DefaultConfiguration };
        var state = new Option<string?>("--state-dir") { HelpName = "DIR", Description = $"Keys, roster, store, jobs (default {DaemonOptions.DefaultStateDirectory})" };
        var runtime = new Option<string?>("--run-dir") { HelpName = "DIR", Description = $"Sockets (default {DaemonOptions.DefaultRunDirectory})" };
        var listen = new Option<string?>("--listen") { HelpName = "ADDR:PORT", Description = $"Where to listen (default 0.0.0.0:{NodeAddress.DefaultPort}); the store uses the two ports after it" };
        var advertise = new Option<string?>("--advertise") { HelpName = "ADDR:PORT", Description = "Where other nodes reach this one, if it cannot be told from --listen and the routes" };
        var name = new Option<string?>("--name") { HelpName = "NODE", Description = "This node's name (default: the host name)" };
        var etcd = new Option<string[]>("--etcd") { HelpName = "URL", Description = "An etcd of your own instead of ours, e.g. http://192.0.2.7:2379; may be repeated" };
        var log = new Option<LogLevel?>("--log-level") { HelpName = "LEVEL", Description = "Debug, Information, Warning or Error (default Information)" };
        var command = new RootCommand("The daemon of Isobar: makes this machine a node of a cluster.\n\nExample: isobard --name alpha --listen 192.0.2.10:7700")
        {
            config, state, runtime, listen, advertise, name, etcd, log,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var file = Load(parsed.GetValue(config)!, parsed.GetResult(config) is { Implicit: false });
            var address = NodeAddress.Parse(parsed.GetValue(listen) ?? file.Listen ?? $"0.0.0.0:{NodeAddress.DefaultPort}");
            if (!IPAddress.TryParse(address.Host, out var ip))
                throw new ClusterException($"the daemon listens at an IP address, not at \"{address.Host}\": write for example --listen 0.0.0.0:{NodeAddress.DefaultPort}.");
            return run(new DaemonOptions
            {
                StateDirectory = Path.GetFullPath(parsed.GetValue(state) ?? file.StateDir ?? DaemonOptions.DefaultStateDirectory),
                RunDirectory = Path.GetFullPath(parsed.GetValue(runtime) ?? file.RunDir ?? DaemonOptions.DefaultRunDirectory),
                Listen = new IPEndPoint(ip, address.Port),
                Advertise = (parsed.GetValue(advertise) ?? file.Advertise) is { } told ? NodeAddress.Parse(told) : null,
                NodeName = NodeName.Require(parsed.GetValue(name) ?? file.Name ?? NodeName.FromHostName(Environment.MachineName)),
                ExternalStore = parsed.GetValue(etcd) is { Length: > 0 } urls ? urls : file.Etcd ?? [],
                LogLevel = parsed.GetValue(log) ?? file.LogLevel ?? LogLevel.Information,
            }, cancellation);
        });
        return command;
    }

    private static DaemonConfiguration Load(string path, bool isRequired)
    {
        try
        {
            return File.Exists(path) || isRequired
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), DaemonConfigurationJson.Default.DaemonConfiguration) ?? new DaemonConfiguration()
                : new DaemonConfiguration();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ClusterException($"the configuration {path} cannot be read ({e.Message}): correct it.", e);
        }
    }
}

/// <summary>The configuration file: every key is optional.</summary>
internal sealed record DaemonConfiguration
{
    public string? StateDir { get; init; }

    public string? RunDir { get; init; }

    public string? Listen { get; init; }

    public string? Advertise { get; init; }

    public string? Name { get; init; }

    public string[]? Etcd { get; init; }

    public LogLevel? LogLevel { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(DaemonConfiguration))]
internal sealed partial class DaemonConfigurationJson : JsonSerializerContext;
