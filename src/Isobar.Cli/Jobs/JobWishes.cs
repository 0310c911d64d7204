using System.Globalization;
using Isobar.Cli.Sandbox.Commands;
using Isobar.Cli.Terminal;
using Isobar.Protocol;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Naming;

namespace Isobar.Cli.Jobs;

/// <summary>
/// Where a job may run and how important it is, as its user wishes: by options, which go before the environment (<c>ISOBAR_NODES</c>), which goes before the user's
/// file for the program (<c>~/.config/isobar/PROGRAM.isobar</c>), which goes before the one beside the program (<c>PROGRAM.isobar</c>).
/// </summary>
internal sealed class JobWishes
{
    public const string FileEnding = ".isobar";

    private const long MostFileBytes = 64 * 1024;
    private static readonly string[] Names = ["stay", "nodes", "min-memory", "max-moves", "priority"];

    private readonly Dictionary<string, (string Value, string Origin)> _values = [];

    /// <summary>Gathers the wishes.</summary>
    /// <param name="options">Those of the command line, by name; null values were not given.</param>
    /// <param name="environment">Looks a variable up.</param>
    /// <param name="program">The program as it was given.</param>
    /// <param name="hasNode">The command line names the node itself: then no standing wish for nodes counts.</param>
    /// <exception cref="CommandException">A wish is wrong; the sentence says where it comes from.</exception>
    public static JobWishes Collect(IReadOnlyDictionary<string, string?> options, Func<string, string?> environment, string program, bool hasNode)
    {
        var wishes = new JobWishes();
        var name = Path.GetFileName(program);
        if (name.Length > 0 && PathOf(program, environment("PATH")) is { } path)
            wishes.TakeFile(path + FileEnding);
        var config = environment("XDG_CONFIG_HOME") is { Length: > 0 } given ? given : environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".config") : null;
        if (name.Length > 0 && config is not null)
            wishes.TakeFile(Path.Combine(config, "isobar", name + FileEnding));
        foreach (var wish in Names)
        {
            var variable = "ISOBAR_" + wish.Replace('-', '_').ToUpperInvariant();
            if (environment(variable) is { Length: > 0 } value)
                wishes._values[wish] = (value, variable);
        }

        if (hasNode)
            wishes._values.Remove("nodes");
        foreach (var (wish, value) in options)
        {
            if (value is not null)
                wishes._values[wish] = (value, "--" + wish);
        }

        return wishes;
    }

    /// <summary>Puts them into what is to be run.</summary>
    /// <exception cref="CommandException">One is wrong.</exception>
    public JobSpec In(JobSpec spec) => spec with
    {
        Stay = Of("stay", YesOrNo, false),
        Nodes = Of<string?>("nodes", value => NodeExpression.Parse(value).ToString(), null),
        MinMemoryBytes = Of("min-memory", value => ByteSize.Parse(value) ?? 0, 0),
        MaxMoves = Of<int?>("max-moves", Moves, null),
        Priority = Of("priority", value => JobPriority.Parse(value) ?? throw new CommandException($"\"{value}\" is no priority: write low, normal, high, or a number from {JobPriority.Highest} (most important) to {JobPriority.Lowest}."), JobPriority.Normal),
        Wishes = _values.Count == 0 ? null : string.Join(", ", Names.Where(_values.ContainsKey).Select(name => $"{name} {_values[name].Value} ({_values[name].Origin})")),
    };

    private T Of<T>(string name, Func<string, T> read, T otherwise)
    {
        if (!_values.TryGetValue(name, out var wish))
            return otherwise;
        try
        {
            return read(wish.Value);
        }
        catch (IsobarException e)
        {
            throw new CommandException($"{wish.Origin}: {e.Message}", e);
        }
    }

    private static bool YesOrNo(string value) => value.ToLowerInvariant() switch
    {
        "1" or "yes" or "true" or "on" => true,
        "0" or "no" or "false" or "off" => false,
        _ => throw new CommandException($"\"{value}\" is neither yes nor no."),
    };

    private static int? Moves(string value) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var moves)
        ? moves
        : throw new CommandException($"\"{value}\" is no number of moves: write 0 or more; 0 means that it never moves by itself.");

    private void TakeFile(string file)
    {
        string[] lines;
        try
        {
            if (!File.Exists(file) || new FileInfo(file).Length > MostFileBytes)
                return;
            lines = File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of a program that is another user's: his wishes are not this one's.
            return;
        }

        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            var parts = line.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || !Names.Contains(parts[0]))
                throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"{file}, line {i + 1}: \"{line}\" is no wish: write NAME = VALUE with one of {string.Join(", ", Names)}."));
            _values[parts[0]] = (parts[1], file);
        }
    }

    private static string? PathOf(string program, string? search)
    {
        if (program.Contains('/', StringComparison.Ordinal))
            return Path.GetFullPath(program);
        foreach (var folder in (search ?? "/usr/local/bin:/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Path.Combine(folder, program);
            if (File.Exists(path))
                return Path.GetFullPath(path);
        }

        return null;
    }
}
