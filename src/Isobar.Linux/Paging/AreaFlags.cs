using System.Text;

namespace Isobar.Linux.Paging;

/// <summary>
/// Which areas of a process must be left alone, by the flags that the kernel shows in /proc/PID/smaps ("VmFlags", proc_pid_smaps(5)). Not for each look: the kernel walks the
/// page tables for the file, some 40 ms for each GB.
/// </summary>
internal static class AreaFlags
{
    // Locked in memory; input and output; page frames of a device; large pages; mixed; wiped at a fork or under want of memory; grows by faults.
    private static readonly string[] Special = ["lo", "io", "pf", "ht", "mm", "wf", "dp", "gd"];

    /// <summary>Starts of the areas that have one of the special flags.</summary>
    public static HashSet<ulong> SpecialOf(int pid)
    {
        var found = new HashSet<ulong>();
        ulong start = 0;
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid}/smaps"))
            {
                if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]) && MemoryArea.TryParse(Encoding.UTF8.GetBytes(line), out var area))
                    start = area.Start;
                else if (line.StartsWith("VmFlags:", StringComparison.Ordinal) && line.Split(' ').Any(flag => Special.Contains(flag)))
                    found.Add(start);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
        }

        return found;
    }
}
