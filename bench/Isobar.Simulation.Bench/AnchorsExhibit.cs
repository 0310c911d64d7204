namespace Isobar.Simulation.Bench;

internal static class AnchorsExhibit
{
    public static Task MakeAsync(ExhibitPage page) => Task.CompletedTask;
}
