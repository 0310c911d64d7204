using System.Text.Json.Serialization;

namespace Isobar.Protocol.Jobs;

/// <summary>Ahead-of-time JSON of everything that supervisors, daemon and command tell each other about jobs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobSpec))]
[JsonSerializable(typeof(JobStatus))]
[JsonSerializable(typeof(IReadOnlyList<JobStatus>))]
[JsonSerializable(typeof(IReadOnlyList<MoveRecord>))]
[JsonSerializable(typeof(DeputyMessage))]
[JsonSerializable(typeof(HostMessage))]
[JsonSerializable(typeof(SupervisorHello))]
[JsonSerializable(typeof(SupervisorEvent))]
[JsonSerializable(typeof(SupervisorCommand))]
[JsonSerializable(typeof(JobPlace))]
[JsonSerializable(typeof(MoveRecord))]
[JsonSerializable(typeof(MoveGain))]
[JsonSerializable(typeof(ClientMessage))]
[JsonSerializable(typeof(AttachMessage))]
[JsonSerializable(typeof(TransportOpening))]
[JsonSerializable(typeof(TransportAnswer))]
[JsonSerializable(typeof(SupervisorConfig))]
[JsonSerializable(typeof(JournalEntry))]
public sealed partial class JobJson : JsonSerializerContext;
