namespace Isobar.Simulation.Bench;

internal static class GridExhibit
{
    public static Task MakeAsync(ExhibitPage page) => Task.CompletedTask;
}
