using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Owners;

/// <summary>
/// When somebody last typed at a terminal of this machine: the newest access time of its terminal devices, which the kernel renews when a program reads input
/// from them (tty_read, to 8 s), as Sprite and Condor looked. Jobs of Isobar have terminals in file systems of their own and are not seen here.
/// </summary>
public sealed unsafe partial class TerminalInput(string devices = "/dev")
{
    private const int CurrentDirectory = -100;
    private const uint AccessTime = 0x20;
    private const uint Owner = 0x08;
    private const int StatxSize = 256;
    private const int AccessTimeOffset = 64;
    private const int OwnerOffset = 20;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;
    private const int CharacterDevice = 0x2000;
    private const int LooksPerSearch = 60;

    private readonly byte[] _buffer = new byte[8192];
    private readonly string _pseudo = Path.Combine(devices, "pts");
    private int[] _numbers = new int[64];
    private string[] _fixed = [];
    private readonly HashSet<uint> _users = [];
    private int _looks;

    /// <summary>How many different users had a pseudo-terminal open at the last look, a login each as far as terminals tell.</summary>
    public int Users => _users.Count;

    /// <summary>Unix time of the last input, in seconds; null when there is no terminal.</summary>
    public double? LastInput()
    {
        if (_looks++ % LooksPerSearch == 0)
            _fixed = FixedTerminals();
        double? last = null;
        _users.Clear();
        foreach (var path in _fixed)
            _ = Take(path, ref last);
        var count = DirectoryNumbers.Read(_pseudo, _buffer, ref _numbers);
        for (var i = 0; i < count; i++)
        {
            if (Take($"{_pseudo}/{_numbers[i]}", ref last) is { } user)
                _users.Add(user);
        }

        return last;
    }

    private string[] FixedTerminals() => Directory.Exists(devices)
        ? [.. Directory.EnumerateFileSystemEntries(devices, "tty*").Where(path => IsFixed(Path.GetFileName(path)))]
        : [];

    // tty1.. are the consoles, ttyS0.. serial lines; tty is whoever asks, and tty0 another name of the console in front.
    private static bool IsFixed(string name) => name is not ("tty" or "tty0") && name.Length > 3
        && (char.IsAsciiDigit(name[3]) || name.StartsWith("ttyS", StringComparison.Ordinal) || name.StartsWith("ttyUSB", StringComparison.Ordinal));

    private static uint? Take(string path, ref double? last)
    {
        var buffer = stackalloc byte[StatxSize];
        if (Statx(CurrentDirectory, path, 0, AccessTime | Owner, buffer) != 0 || (*(ushort*)(buffer + ModeOffset) & TypeMask) != CharacterDevice)
            return null;
        var when = *(long*)(buffer + AccessTimeOffset) + (*(uint*)(buffer + AccessTimeOffset + 8) / 1e9);
        if (last is null || when > last)
            last = when;
        return *(uint*)(buffer + OwnerOffset);
    }

    [LibraryImport(LibC.Name, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, byte* buffer);
}
