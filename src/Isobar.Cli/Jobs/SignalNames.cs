using System.Globalization;
using Isobar.Cli.Terminal;

namespace Isobar.Cli.Jobs;

/// <summary>Signals as kill(1) names them (signal(7), x86-64 and arm64).</summary>
internal static class SignalNames
{
    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP",
        "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <exception cref="CommandException">There is no such signal.</exception>
    public static int Parse(string text)
    {
        var name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 64)
            return number;
        number = Array.FindIndex(Names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        return number > 0 ? number : throw new CommandException($"\"{text}\" is no signal: give a number or a name such as TERM, HUP or USR1.");
    }
}
