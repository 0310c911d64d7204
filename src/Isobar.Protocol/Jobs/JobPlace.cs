namespace Isobar.Protocol.Jobs;

/// <summary>What stays the same about a job wherever it runs: its authority and what its machine looks like to it.</summary>
/// <param name="Id">The job.</param>
/// <param name="HomeAddress">Address and port of its home's daemon.</param>
/// <param name="HostName">The home's host name, which the job sees everywhere.</param>
/// <param name="DomainName">The home's NIS domain name, nearly always <c>(none)</c>.</param>
/// <param name="Mounts">The mount points of the home's own file systems below the root, parents first: each is a mount of its own in the job.</param>
/// <param name="Launcher">The supervisor's program at home, where the job finds it in its view wherever it is started.</param>
public sealed record JobPlace(string Id, string HomeAddress, string HostName, string DomainName, IReadOnlyList<string> Mounts, string Launcher);
