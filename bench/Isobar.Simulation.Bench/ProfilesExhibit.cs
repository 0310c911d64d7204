namespace Isobar.Simulation.Bench;

internal static class ProfilesExhibit
{
    public static Task MakeAsync(ExhibitPage page) => Task.CompletedTask;
}
