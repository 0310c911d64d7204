using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Profiles;

public sealed class DocumentationTests
{
    [Fact]
    public void The_map_names_every_policy_and_every_profile()
    {
        string text = File.ReadAllText(Path.Combine(Root(), "docs", "policies.md"));
        string[] names =
        [
            .. Policies.Load.All.Select(p => p.Name),
            .. Policies.Dissemination.All.Select(p => p.Name),
            .. Policies.Consideration.All.Select(p => p.Name),
            .. ProfileReader.Shipped,
        ];
        Assert.True(names.Length > 50);
        Assert.All(names, n => Assert.Contains($"`{n}`", text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_example_of_a_profile_works()
    {
        string text = File.ReadAllText(Path.Combine(Root(), "docs", "policies.md"));
        int start = text.IndexOf("```json", StringComparison.Ordinal) + 7;
        string json = text[start..text.IndexOf("```", start, StringComparison.Ordinal)];
        Profile profile = ProfileReader.Parse(System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Equal(("mine", 3), (profile.Name, profile.Settings.Rules.Count));
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "isobar.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The tests do not run inside of the repository.");
    }
}
