namespace Isobar.Node.Policies;

/// <summary>What counts as the same program for the rules that learn: its name, and for an interpreter what it interprets.</summary>
internal static class ProgramHash
{
    private static readonly HashSet<string> Interpreters = ["sh", "bash", "dash", "zsh", "env", "nice", "python", "python3", "perl", "ruby", "node", "java", "dotnet"];

    /// <param name="command">Program and arguments, separated by blanks.</param>
    public static ulong Of(string command)
    {
        var blank = command.IndexOf(' ', StringComparison.Ordinal);
        var program = Path.GetFileName(blank < 0 ? command : command[..blank]);
        return program.Length == 0 ? 0 : Fnv(Interpreters.Contains(program) ? command : program);
    }

    /// <summary>FNV-1a, 64 bits.</summary>
    public static ulong Fnv(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in text)
            hash = (hash ^ letter) * 1099511628211UL;
        return hash;
    }
}
