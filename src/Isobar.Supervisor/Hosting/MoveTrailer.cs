using System.Text.Json.Serialization;
using Isobar.Linux.Fuse;

namespace Isobar.Supervisor.Hosting;

/// <summary>What follows the images and the shared memory from one host to the next.</summary>
/// <param name="PipeNames">How the images name the pipes on descriptors 0, 1, 2.</param>
/// <param name="Main">The number of the main process in the job's own PID namespace.</param>
/// <param name="TypedAhead">What lay unread in the terminal.</param>
/// <param name="Columns">The terminal's width, 0 without a terminal.</param>
/// <param name="Rows">Its height.</param>
internal sealed record MoveTrailer(IReadOnlyList<string?> PipeNames, int Main, byte[] TypedAhead, int Columns, int Rows);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HeldPaths))]
[JsonSerializable(typeof(MoveTrailer))]
internal sealed partial class HostingJson : JsonSerializerContext;
