using Isobar.Protocol;

namespace Isobar.Node.Jobs;

/// <summary>What the user asked of a job cannot be done; one sentence.</summary>
public sealed class JobException(string message) : IsobarException(message);
