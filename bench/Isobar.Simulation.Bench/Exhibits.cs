namespace Isobar.Simulation.Bench;

/// <summary>A result that is kept under docs/results.</summary>
/// <param name="Name">What the command line calls it, and its files: sim-NAME.md, .csv, .html and .svg.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Make">Measures and fills the page.</param>
internal sealed record Exhibit(string Name, string Title, Func<ExhibitPage, Task> Make);

internal static class Exhibits
{
    public static IReadOnlyList<Exhibit> All { get; } =
    [
        new("trace", "The process trace of 1996: published and replayed figures, and isobar with gossip", TraceExhibit.MakeAsync),
        new("robustness", "The process trace: seeds, perturbed parameters, runs left out and runs that never were", RobustnessExhibit.MakeAsync),
        new("lifetimes", "Two published answers to one question, from one simulator", LifetimesExhibit.MakeAsync),
        new("loads", "Laws of lifetimes and of arrivals: exponential, hyperexponential, Pareto", LoadsExhibit.MakeAsync),
        new("opportunity", "PVM, E-PVM, MOSIX and E-MOSIX on the generator of Amir et al.", OpportunityExhibit.MakeAsync),
        new("gossip-age", "The age of gossiped information against the formulas", GossipAgeExhibit.MakeAsync),
        new("anchors", "Response times against queueing theory, and the herd effect of old news", AnchorsExhibit.MakeAsync),
        new("profiles", "All profiles on three workloads", ProfilesExhibit.MakeAsync),
        new("open-problems", "The review's open problems: piggyback, and one number for many cores", OpenProblemsExhibit.MakeAsync),
        new("slowed", "A heap of jobs, and a machine that slows: equal shares and turns", SlowedExhibit.MakeAsync),
        new("scale", "From 1,000 to 1,000,000 nodes, and against SimGrid", ScaleExhibit.MakeAsync),
        new("batch", "Parallel jobs: batch queues, backfilling and gangs on the log of NASA's iPSC/860, and barriers", BatchExhibit.MakeAsync),
        new("grid", "LCG: isolated sites against a federation with owners first", GridExhibit.MakeAsync),
    ];
}
