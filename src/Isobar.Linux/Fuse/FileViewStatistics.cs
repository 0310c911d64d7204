namespace Isobar.Linux.Fuse;

/// <summary>What a view has done since it was mounted.</summary>
/// <param name="Requests">Requests of the kernel, those answered here included.</param>
/// <param name="Forwarded">Requests sent home, repeats not counted.</param>
/// <param name="BytesRead">File contents that came from home, bytes.</param>
/// <param name="BytesWritten">File contents that went home, bytes.</param>
/// <param name="Reconnections">Connections made after the first of each kind.</param>
/// <param name="InFlight">Requests that wait for home's reply now.</param>
public readonly record struct FileViewStatistics(long Requests, long Forwarded, long BytesRead, long BytesWritten, long Reconnections, int InFlight);
