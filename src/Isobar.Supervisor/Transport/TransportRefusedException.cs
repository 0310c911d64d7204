namespace Isobar.Supervisor.Transport;

/// <summary>The other side knows this caller and will not have it: mostly a newer incarnation of the job has taken its place.</summary>
internal sealed class TransportRefusedException(string message) : Exception(message);
