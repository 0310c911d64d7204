namespace Isobar.Cli.Doctor.Checks;

/// <summary>The machine's /proc, /sys and /etc; a test puts a made-up folder in their place.</summary>
internal sealed class KernelView(string root)
{
    public static KernelView OfThisMachine { get; } = new("/");

    public bool Has(string path) => Path.Exists(At(path));

    /// <summary>The contents without blanks around it, or null when it is not there or may not be read.</summary>
    public string? Read(string path)
    {
        try
        {
            return File.ReadAllText(At(path)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public IReadOnlyList<string> Lines(string path) => Read(path)?.Split('\n') ?? [];

    private string At(string path) => Path.Combine(root, path.TrimStart('/'));
}
