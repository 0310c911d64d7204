using System.Globalization;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Profiles;

/// <summary>
/// The constants of systems.md as the policies have them by default; beside each row the section that gives them. "ours" and "unknown" are values that no source
/// gives: they are written here too, so that nobody changes one without meaning to, since the results of the experiments hold for these.
/// </summary>
public sealed class PublishedConstantsTests
{
    [Theory]
    [InlineData("mean", "periodSeconds=1 stepSeconds=0.1 perCapacity=1")] // A1: T is not given in the review; the step is ours
    [InlineData("mosix", "periodSeconds=1 stepSeconds=0.1 perCapacity=1")] // A1: T = 1 s, normalised by speed
    [InlineData("ewma", "periodSeconds=5 stepSeconds=5 perCapacity=1 shortSeconds=60 mediumSeconds=300 longSeconds=900")] // S13.2
    [InlineData("pressure", "periodSeconds=1 stepSeconds=1 perCapacity=1 cpuWeight=1 memoryWeight=1 ioWeight=0.25")] // ours
    [InlineData("representative", "periodSeconds=1 stepSeconds=0.1 perCapacity=1 fall=0.5")] // A11: period as A1, the rest ours
    public void Load_has_these_constants(string policy, string expected) =>
        Assert.Equal(expected, Text(Policies.Load.Get(policy, "test").Parameters));

    [Theory]
    [InlineData("none", "")]
    [InlineData("oracle", "")]
    [InlineData("broadcast", "periodSeconds=1 vector=65536")] // G2, no period given
    [InlineData("multicast", "periodSeconds=1 vector=65536")] // G3, no period given
    [InlineData("two-random", "periodSeconds=1 vector=8 recentSeconds=10 refreshInPlace=1")] // A2a, S21.2; the last two proposed there
    [InlineData(
        "gossip",
        "periodSeconds=0.5 window=16 windowAgeSeconds=0 wantedMeanAgeSeconds=0 maxWindow=64 maxAgeSeconds=30 vector=65536 anyOneIn=5 anyNode=0 pushPull=0 urgentChange=0 changeFanout=0")] // A2b, S23.2: 500 ms, 16, max(5, alive); ages and sizes ours
    [InlineData("pull", "periodSeconds=1 fanout=0 vector=65536")] // S20.2: all, each 1000 ms
    [InlineData("star", "periodSeconds=1 tickSeconds=1 timeoutSeconds=10 reportChanges=0 vector=65536")] // S19.2, no constants given
    [InlineData("central", "periodSeconds=60 tickSeconds=5 timeoutSeconds=180 reportChanges=1 vector=65536")] // S13.2: MIG_GLOBAL_UPDATE_INTERVAL, MIG_LOAD_INTERVAL, MIG_TIMEOUT
    [InlineData("hierarchical", "periodSeconds=1 outerPeriodSeconds=5 timeoutSeconds=10 vector=65536")] // S9, no constants given
    [InlineData("piggyback", "tickSeconds=1 fallbackSeconds=1 spacingSeconds=0.25 extraEntries=2 recentSeconds=10 vector=16")] // A11: 250 ms, 1 s, 2 entries
    public void Dissemination_has_these_constants(string policy, string expected) =>
        Assert.Equal(expected, Text(Policies.Dissemination.Get(policy, "test").Parameters));

    [Theory]
    [InlineData("none", "")]
    [InlineData("random", "")]
    [InlineData("round-robin", "")]
    [InlineData("best-of", "choices=2 includeSelf=1 maxAgeSeconds=60")] // scoreboard 4: two choices
    [InlineData("least-loaded", "within=0.05 maxAgeSeconds=60")] // S23.3: 5 units of 100
    [InlineData("pool", "maxAgeSeconds=60")] // S4, ours
    [InlineData("process-table", "fullShare=0.9 maxAgeSeconds=30")] // S15.3, the share is unknown
    [InlineData("signatures", "minCpuSeconds=0 unknownCpuSeconds=0 weight=0.3 programs=4096 ioBytesPerSecond=0 typical=0 minRuns=0 maxAgeSeconds=30")] // S14, no constants given
    [InlineData(
        "lifetime",
        "residence=0 growth=0 freeMoves=0 relative=0 outclassed=0 others=0 periodic=0 verify=0 smoothed=0 minGain=0 maxAgeSeconds=60 movesAtOnce=1 maxInProgress=0")] // A5: no hand-tuned parameters, at arrivals
    [InlineData("threshold", "stability=0.3 minSecondsHere=1 minCpuSeconds=0 highest=0 guard=1 forkWeight=0 maxAgeSeconds=30")] // A3: 0.3 process; the rest unknown
    [InlineData("in-turn", "youngSeconds=2")] // ours: docs/policies.md
    [InlineData("kerrighed", "alarm=1.5 spacingSeconds=2 stabilityPercent=130 noneInProgress=0 maxAgeSeconds=10")] // A6, S20.3
    [InlineData("rbt", "userWeight=1 difference=1 maxAgeSeconds=30")] // A6b: K = 1; rbt_load_diff unknown
    [InlineData("opportunity-cost", "reassign=1 factor=1 guard=1 minSecondsHere=1 maxAgeSeconds=30 maximumLoad=0")] // A4: greedy, L by doubling
    [InlineData("fork-history", "minForks=3 margin=1 minSecondsHere=1 maxAgeSeconds=30")] // S15.3, unknown
    [InlineData("data-affinity", "megabytesPerSecond=20 minSecondsHere=5 placeAtHome=1")] // S8, unknown
    [InlineData("evacuate", "ownJobsToo=1")] // A6: all its processes
    [InlineData("limits", "maxAgeSeconds=30")] // ours
    [InlineData("memory-ushering", "freeShare=0.05 freeMiB=0 maxAgeSeconds=30 aheadSeconds=0 arrivalMiB=0")] // A3b, the threshold is unknown
    [InlineData("global-memory", "freeShare=0.05 maxAgeSeconds=10")] // S11b: an epoch is 5 to 10 s
    [InlineData("memory-server", "freeShare=0.05 maxAgeSeconds=10")] // S11a
    [InlineData("owner", "quietSeconds=300 freeze=0 patienceSeconds=0 resumes=1 maxAgeSeconds=30")] // S2.3: ContinueIdleTime 5 min
    [InlineData(
        "sprite",
        "noInputSeconds=30 minShort=0.75 minMedium=1 minLong=1.5 maxShort=2.5 maxMedium=2.75 maxLong=3 onlyWhenBusy=0 evictSeconds=300 maxAgeSeconds=180")] // S13.3, A7
    [InlineData(
        "condor",
        "startIdleSeconds=900 continueIdleSeconds=300 maxSuspendSeconds=600 maxVacateSeconds=600 backgroundLoad=0.3 highLoad=0.5 keyboardBusySeconds=60 cpuBusySeconds=120 activationSeconds=90 minSuspendedSeconds=10 wantVacateSeconds=600 checkpointSeconds=10800 smallJobMegabytes=15 vanilla=0 maxAgeSeconds=900")] // S2.3, A8; the last is ours
    [InlineData("freeze", "red=6 blue=4 autoHome=0 autoCluster=4 minKeep=0 maxRunning=-1 sliceMinutes=10 unitsAreLoad=0 fromPriority=1")] // A9: the sample 1 0 6 4 0 4 0 -1 10
    [InlineData("reclaim", "ownerLoad=0.5 noInputSeconds=0 onlyWhenFull=0 thaws=1 minFrozenSeconds=10 maxAgeSeconds=30")] // A9; 0.5 is HighLoad of S2.3
    [InlineData("federation", "reserve=0 ownerLoad=0.05 maxAgeSeconds=60")] // G15, no constants given
    public void Consideration_has_these_constants(string policy, string expected) =>
        Assert.Equal(expected, Text(Policies.Consideration.Get(policy, "test").Parameters));

    /// <summary>No policy is left out above: a new one needs its row.</summary>
    [Theory]
    [InlineData(nameof(Load_has_these_constants))]
    [InlineData(nameof(Dissemination_has_these_constants))]
    [InlineData(nameof(Consideration_has_these_constants))]
    public void Every_policy_has_its_row(string test)
    {
        string?[] rows =
        [
            .. typeof(PublishedConstantsTests).GetMethod(test)!.GetCustomAttributesData()
                .Where(row => row.AttributeType == typeof(InlineDataAttribute))
                .Select(row => (string?)((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)row.ConstructorArguments[0].Value!)[0].Value),
        ];
        IEnumerable<string> policies = test switch
        {
            nameof(Load_has_these_constants) => Policies.Load.All.Select(p => p.Name),
            nameof(Dissemination_has_these_constants) => Policies.Dissemination.All.Select(p => p.Name),
            _ => Policies.Consideration.All.Select(p => p.Name),
        };
        Assert.Equal(policies.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    private static string Text(IEnumerable<PolicyParameter> parameters) =>
        string.Join(' ', parameters.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name}={p.Default}")));
}
