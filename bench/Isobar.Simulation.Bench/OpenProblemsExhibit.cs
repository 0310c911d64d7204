namespace Isobar.Simulation.Bench;

internal static class OpenProblemsExhibit
{
    public static Task MakeAsync(ExhibitPage page) => Task.CompletedTask;
}
