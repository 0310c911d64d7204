namespace Isobar.Simulation.Tests;

/// <summary>Where the shared traces are: data of others, read in place, never committed.</summary>
internal static class Traces
{
    public static string Of(string file)
    {
        var folder = Environment.GetEnvironmentVariable("ISOBAR_TRACES");
        if (string.IsNullOrEmpty(folder))
        {
            var root = new DirectoryInfo(AppContext.BaseDirectory);
            while (root is not null && !File.Exists(Path.Combine(root.FullName, "isobar.slnx")))
                root = root.Parent;

            folder = Path.Combine(root!.FullName, "..", "shared", "traces");
        }

        return Path.Combine(folder, file);
    }
}
