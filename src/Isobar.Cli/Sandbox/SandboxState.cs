using System.Text.Json;
using System.Text.Json.Serialization;

namespace Isobar.Cli.Sandbox;

/// <summary>What is written down about a sandbox that is up.</summary>
/// <param name="Name">The sandbox.</param>
/// <param name="NetworkPid">The process that holds the namespace of the bridge.</param>
/// <param name="Hosts">Its hosts, in the order of their addresses.</param>
public sealed record SandboxState(string Name, int NetworkPid, IReadOnlyList<SandboxHost> Hosts)
{
    public static async Task<SandboxState?> ReadAsync(SandboxPlace place, CancellationToken cancellation)
    {
        try
        {
            var file = File.OpenRead(place.StateFile);
            await using (file.ConfigureAwait(false))
            {
                return await JsonSerializer.DeserializeAsync(file, SandboxJson.Default.SandboxState, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            // Cut short by a crash: as good as none, and `down` does not need it.
            return null;
        }
    }

    public Task WriteAsync(SandboxPlace place, CancellationToken cancellation) =>
        File.WriteAllTextAsync(place.StateFile, JsonSerializer.Serialize(this, SandboxJson.Default.SandboxState), cancellation);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SandboxState))]
[JsonSerializable(typeof(IReadOnlyList<SandboxListing>))]
internal sealed partial class SandboxJson : JsonSerializerContext;

/// <summary>A line of <c>isobar sandbox list</c>.</summary>
public sealed record SandboxListing(string Sandbox, string Host, string Address, int Pid, bool Up);
