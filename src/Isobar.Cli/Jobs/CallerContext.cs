using System.Globalization;
using Isobar.Linux.Files;
using Isobar.Linux.Namespaces;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Jobs;

/// <summary>Everything that the shell gave to this command and that the program would have got in its place.</summary>
internal static class CallerContext
{
    private const int LimitKinds = 16;
    private const int OpenFiles = 7;

    /// <param name="arguments">How many arguments at the end of our own command line are the program's.</param>
    /// <param name="name">The job's name.</param>
    /// <param name="detach">The job's output is kept at home.</param>
    public static JobSpec Read(int arguments, string? name, bool detach)
    {
        var status = File.ReadAllLines("/proc/self/status").Select(line => line.Split(':', 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1].Trim());
        var (input, output, error) = detach ? Detached() : Attached();
        var terminal = input.Kind == StdioKind.Terminal ? 0 : output.Kind == StdioKind.Terminal ? 1 : error.Kind == StdioKind.Terminal ? 2 : -1;
        return new JobSpec
        {
            Command = [.. Entries("/proc/self/cmdline").TakeLast(arguments)],
            Environment = Entries("/proc/self/environ"),
            Directory = Environment.CurrentDirectory,
            Umask = Convert.ToInt32(status["Umask"], 8),
            Uid = uint.Parse(status["Uid"].Split('\t')[0], CultureInfo.InvariantCulture),
            Gid = uint.Parse(status["Gid"].Split('\t')[0], CultureInfo.InvariantCulture),
            Groups = [],
            Limits = Limits(status["PPid"]),
            IgnoredSignals = SignalsAtStart.Ignored(),
            Nice = Nice(),
            OutOfMemoryAdjustment = int.Parse(File.ReadAllText("/proc/self/oom_score_adj"), NumberStyles.AllowLeadingSign | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture),
            Input = input,
            Output = output,
            Error = error,
            Window = terminal >= 0 && Isobar.Linux.Terminals.Terminal.Window(terminal) is var (columns, rows) ? new WindowSize(columns, rows) : null,
            TerminalSettings = terminal >= 0 ? Isobar.Linux.Terminals.Terminal.Attributes(terminal) : null,
            Name = name,
            Detached = detach,
        };
    }

    // One stream of output in one order: two pipes would lose it.
    private static (StdioSpec, StdioSpec, StdioSpec) Detached() =>
        (new StdioSpec(StdioKind.Null), new StdioSpec(StdioKind.Pipe), new StdioSpec(StdioKind.SameAsOutput));

    private static (StdioSpec, StdioSpec, StdioSpec) Attached()
    {
        var input = Kind(0);
        var output = Kind(1);
        var error = Kind(2);
        // `isobar run ls | less`: the terminal's keys are for less. With the output in a pipe, the program gets no keys.
        if (input.Kind == StdioKind.Terminal && output.Kind == StdioKind.Pipe && IsPipe(1))
            input = new StdioSpec(StdioKind.Null);
        if (output.Kind == StdioKind.Pipe && error.Kind == StdioKind.Pipe && OpenFile.AreSame(1, 2))
            error = new StdioSpec(StdioKind.SameAsOutput);
        return (input, output, error);
    }

    private static StdioSpec Kind(int fd)
    {
        if (Isobar.Linux.Terminals.Terminal.IsTerminal(fd))
            return new StdioSpec(StdioKind.Terminal);
        var link = $"/proc/self/fd/{fd}";
        var path = new FileInfo(link).LinkTarget;
        if (path is null or "/dev/null")
            return new StdioSpec(StdioKind.Null);
        if (fd == 0 && FileStatus.TryOf(link, followLinks: true) is { IsFile: true } given
            && FileStatus.TryOf(path, followLinks: true) is { } found && (found.Device, found.Inode) == (given.Device, given.Inode))
        {
            var (flags, offset) = OpenFile.Position(fd);
            return new StdioSpec(StdioKind.File, path, flags, offset);
        }

        // Output into a file goes through this command, which holds the file as the shell opened it: its position is shared with what ran before and after.
        return new StdioSpec(StdioKind.Pipe);
    }

    private static bool IsPipe(int fd) => new FileInfo($"/proc/self/fd/{fd}").LinkTarget?.StartsWith("pipe:", StringComparison.Ordinal) == true;

    private static List<byte[]> Entries(string file)
    {
        var entries = new List<byte[]>();
        var text = File.ReadAllBytes(file).AsSpan();
        while (text.Length > 0)
        {
            var end = text.IndexOf((byte)0);
            if (end < 0)
                end = text.Length;
            entries.Add(text[..end].ToArray());
            text = text[Math.Min(end + 1, text.Length)..];
        }

        return entries;
    }

    private static List<ResourceLimit> Limits(string parent)
    {
        var limits = new List<ResourceLimit>();
        for (var kind = 0; kind < LimitKinds; kind++)
        {
            var (soft, hard) = Becoming.CurrentLimit(kind);
            // The runtime raises its own limit of open files when it starts; the shell's is what the program would have got.
            if (kind == OpenFiles && OpenFilesOf(parent) is { } shells)
                soft = Math.Min(shells, hard);
            limits.Add(new ResourceLimit(kind, soft, hard));
        }

        return limits;
    }

    private static ulong? OpenFilesOf(string process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/limits").FirstOrDefault(text => text.StartsWith("Max open files", StringComparison.Ordinal));
            var soft = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
            return ulong.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int Nice()
    {
        // proc_pid_stat(5): nice is the 19th field; the name before it may hold blanks, but no newline or second closing parenthesis of ours.
        var stat = File.ReadAllText("/proc/self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }
}
