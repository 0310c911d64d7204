using System.Globalization;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Profiles;

/// <summary>
/// What the shipped profiles say, written out once more beside the section of systems.md that gives it; what a profile does not say is the default of
/// <see cref="PublishedConstantsTests"/>. The results of the experiments hold for these values.
/// </summary>
public sealed class ShippedConstantsTests
{
    private const MoveStyle Never = MoveStyle.None;
    private const MoveStyle Eager = MoveStyle.Eager;

    [Theory]
    [InlineData("local", "mean", "none", "each-node 3600s", "none", Never)] // baseline
    [InlineData("random", "mean", "none", "each-node 3600s", "random", Never)] // baseline
    [InlineData("round-robin", "mean", "none", "each-node 3600s", "round-robin", Never)] // S15.7: as PVM
    [InlineData("best-of-two", "mean", "gossip window=16", "each-node 3600s", "best-of choices=2", Never)] // scoreboard 4
    [InlineData("amoeba-pool", "mean", "central periodSeconds=1 tickSeconds=1 timeoutSeconds=30", "central 3600s", "pool", Never)] // S4: a run server polls; periods ours
    [InlineData("glunix", "ewma", "central periodSeconds=20 tickSeconds=5 timeoutSeconds=180", "central 20s", "least-loaded within=0", Never)] // S6: load average, tens of seconds, the least loaded
    [InlineData("concert", "mean", "gossip periodSeconds=0.5 window=16", "each-node 3600s", "signatures", Never)] // S14: at the start only; A2b
    [InlineData("harchol-balter-downey", "mean", "oracle", "each-node 3600s onArrival", "lifetime movesAtOnce=1000", Eager)] // A5: at arrivals, no constants
    [InlineData(
        "openmosix",
        "mosix",
        "two-random periodSeconds=1 vector=8 recentSeconds=10 refreshInPlace=1", // S21.2, A2a
        "each-node 1s", // A3
        "evacuate; memory-ushering; process-table; threshold stability=0.3", // S21.3, A3
        Eager)]
    [InlineData(
        "mosix2-gossip",
        "mosix",
        "gossip periodSeconds=0.5 window=16", // A2b: 500 ms, 16 in the sample configuration
        "each-node 1s",
        "evacuate; reclaim thaws=0; freeze red=6 blue=4 autoHome=0 autoCluster=4 minKeep=0 maxRunning=-1 sliceMinutes=10; memory-ushering; least-loaded within=0.05; threshold stability=0.3", // A9, S23.3
        Eager)]
    [InlineData(
        "mosix-oppcost", "mosix", "gossip periodSeconds=0.5 window=16", "each-node 1s", "evacuate; memory-ushering; opportunity-cost reassign=1", Eager)] // A4: E-MOSIX moves
    [InlineData("e-pvm", "mean", "gossip periodSeconds=0.5 window=16", "each-node 3600s", "opportunity-cost reassign=0", Never)] // A4: E-PVM assigns once
    [InlineData(
        "kerrighed",
        "mosix",
        "pull periodSeconds=1 fanout=0", // S20.2: each 1000 ms
        "each-node 1s",
        "evacuate; round-robin; kerrighed alarm=1.5 spacingSeconds=2 stabilityPercent=130", // S20.3, A6
        Eager)]
    [InlineData("kerrighed-rbt", "mean", "pull periodSeconds=1 fanout=0", "each-node 5s", "evacuate; rbt userWeight=1", Eager)] // A6b; rbt_exec_freq is unknown
    [InlineData("openssi", "mosix", "star", "each-node 1s", "evacuate; threshold highest=1 minCpuSeconds=1 guard=0", Eager)] // S19.3: highest load that has run some time
    [InlineData(
        "sprite",
        "ewma periodSeconds=5 stepSeconds=5 perCapacity=0", // S13.2: each 5 s, queue lengths as they are
        "central periodSeconds=60 tickSeconds=5 timeoutSeconds=180", // S13.2
        "central 5s",
        "sprite",
        Eager)]
    [InlineData(
        "condor",
        "ewma periodSeconds=5 stepSeconds=5",
        "central periodSeconds=120 tickSeconds=30 timeoutSeconds=600", // S2.2: 2 min and 0.5 min (remembered)
        "central 30s",
        "condor",
        MoveStyle.Checkpoint)]
    [InlineData(
        "nomad", "mosix", "piggyback fallbackSeconds=0 vector=8", "each-node 1s", "evacuate; memory-ushering; threshold stability=0.3", Eager)] // S17: no extra messages; A3
    [InlineData(
        "piggyback",
        "mosix",
        "piggyback fallbackSeconds=1 spacingSeconds=0.25 extraEntries=2 vector=8", // A11
        "each-node 1s",
        "evacuate; memory-ushering; threshold stability=0.3", // A3
        Eager)]
    [InlineData(
        "hurricane",
        "mosix",
        "hierarchical periodSeconds=1 outerPeriodSeconds=5", // S9: coarser between clusters; periods ours
        "each-node 1s",
        "evacuate; memory-ushering; threshold stability=0.3", // A3
        Eager)]
    [InlineData("guide", "mean", "gossip", "each-node 1s", "data-affinity", Eager)] // S8
    [InlineData("gms", "mean", "gossip periodSeconds=5 window=16", "each-node 1s", "global-memory", Never)] // S11b: an epoch of 5 to 10 s; pages move only
    [InlineData("rms", "mean", "gossip periodSeconds=5 window=16", "each-node 1s", "memory-server", Never)] // S11a
    [InlineData("federation", "mean", "hierarchical periodSeconds=1 outerPeriodSeconds=5", "each-node 5s onArrival", "evacuate; federation", Eager)] // G15; periods ours
    [InlineData(
        "isobar", // ours: docs/policies.md
        "representative periodSeconds=1 fall=0.5",
        "gossip periodSeconds=0.5 window=16 vector=64 changeFanout=1 urgentChange=0",
        "each-node 1s onArrival",
        "evacuate; reclaim onlyWhenFull=1; memory-ushering aheadSeconds=5 arrivalMiB=160; process-table; signatures typical=1 minRuns=3 unknownCpuSeconds=0.1; lifetime growth=2 relative=1 freeMoves=3 outclassed=1 others=1 residence=1 periodic=1 verify=1 movesAtOnce=4 minGain=0.2 maxAgeSeconds=10",
        Eager)]
    [InlineData(
        "isobar-batch", // ours: docs/policies.md; as isobar, and then in turn
        "representative periodSeconds=1 fall=0.5",
        "gossip periodSeconds=0.5 window=16 vector=64 changeFanout=1 urgentChange=0",
        "each-node 1s onArrival",
        "evacuate; reclaim onlyWhenFull=1; memory-ushering aheadSeconds=5 arrivalMiB=160; process-table; signatures typical=1 minRuns=3 unknownCpuSeconds=0.1; lifetime growth=2 relative=1 freeMoves=3 outclassed=1 others=1 residence=1 periodic=1 verify=1 movesAtOnce=4 minGain=0.2 maxAgeSeconds=10; in-turn youngSeconds=2",
        Eager)]
    public void A_profile_says(string name, string load, string dissemination, string when, string rules, MoveStyle move)
    {
        ProfileSettings settings = ProfileReader.Load(name).Settings;
        Assert.Equal(load, Text(settings.Load));
        Assert.Equal(dissemination, Text(settings.Dissemination));
        Assert.Equal(when, When(settings));
        Assert.Equal(rules, string.Join("; ", settings.Rules.Select(Text)));
        Assert.Equal(move, settings.Move);
    }

    [Fact]
    public void Every_profile_has_its_row()
    {
        IEnumerable<string?> rows = typeof(ShippedConstantsTests).GetMethod(nameof(A_profile_says))!.GetCustomAttributesData()
            .Where(row => row.AttributeType == typeof(InlineDataAttribute))
            .Select(row => (string?)((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)row.ConstructorArguments[0].Value!)[0].Value);
        Assert.Equal(ProfileReader.Shipped, rows.Order(StringComparer.Ordinal));
    }

    private static string When(ProfileSettings settings)
    {
        string where = settings.Scope == DecisionScope.Central ? "central" : "each-node";
        string triggers = (settings.OnArrival ? " onArrival" : "") + (settings.OnDeparture ? " onDeparture" : "") + (settings.OnNews ? " onNews" : "");
        return string.Create(CultureInfo.InvariantCulture, $"{where} {settings.PeriodSeconds}s{triggers}");
    }

    private static string Text(StageSettings stage) =>
        stage.Policy + string.Concat(stage.Parameters.Select(p => string.Create(CultureInfo.InvariantCulture, $" {p.Key}={p.Value}")));
}
