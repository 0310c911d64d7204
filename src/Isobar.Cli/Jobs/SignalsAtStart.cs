using System.Globalization;
using System.Runtime.InteropServices;

namespace Isobar.Cli.Jobs;

/// <summary>
/// The signals that were ignored when this command was started, as a program that is executed inherits them (nohup, <c>trap '' PIPE</c>). The runtime
/// changes some for itself before any line of C# runs, so a function that the loader calls before it notes them (Native/start.c).
/// </summary>
internal static partial class SignalsAtStart
{
    private const string Noted = "isobar-start";
    private const int Signals = 64;

    // Without the note: those that the runtime leaves alone when they are ignored.
    private const ulong LeftAlone = 0b111;

    public static List<int> Ignored()
    {
        var mask = Mask();
        return [.. Enumerable.Range(1, Signals).Where(signal => (mask & (1ul << (signal - 1))) != 0)];
    }

    private static ulong Mask()
    {
        try
        {
            return IgnoredAtStart();
        }
        catch (DllNotFoundException)
        {
            // Not compiled ahead of time (a developer's dotnet run): the note is not linked in.
            var line = File.ReadLines("/proc/self/status").First(text => text.StartsWith("SigIgn:", StringComparison.Ordinal));
            return ulong.Parse(line["SigIgn:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & LeftAlone;
        }
    }

    // Here and not with the kernel's interfaces: it is a part of this program, not of the system.
    [LibraryImport(Noted, EntryPoint = "isobar_ignored_at_start")]
    private static partial ulong IgnoredAtStart();
}
