namespace Isobar.Simulation.Bench;

internal static class ScaleExhibit
{
    public static Task MakeAsync(ExhibitPage page) => Task.CompletedTask;
}
