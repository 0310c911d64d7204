namespace Isobar.Linux.Paging;

/// <summary>What has been done with the pages of a job here.</summary>
/// <param name="Elsewhere">Pages that are out now.</param>
/// <param name="Out">Pages that went out.</param>
/// <param name="Back">Pages that came back.</param>
/// <param name="BackFromDisk">Of these, those that came from the disk.</param>
/// <param name="Faults">How often something waited for a page that was out.</param>
/// <param name="FaultSeconds">How long it waited in all, from when the kernel's word was read to when the page was there.</param>
/// <param name="StandSeconds">How long the job stood still in all while pages were taken.</param>
/// <param name="LongestStandSeconds">The longest of these.</param>
public readonly record struct PagerCounts(
    long Elsewhere, long Out, long Back, long BackFromDisk, long Faults, double FaultSeconds, double StandSeconds, double LongestStandSeconds);
