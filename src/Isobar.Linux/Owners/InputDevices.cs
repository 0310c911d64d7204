using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Owners;

/// <summary>
/// Whether keyboard or pointer did anything since the last look: for graphical sessions, which read no terminal. Each device's own queue of events is emptied,
/// and what was in it is thrown away unseen; nothing wakes this process up between two looks.
/// </summary>
public sealed unsafe class InputDevices(string devices = "/dev/input", string classes = "/sys/class/input") : IDisposable
{
    private const int LooksPerSearch = 60;
    private const int Chunk = 4096;

    private readonly Dictionary<string, int> _open = [];
    private int _looks;

    /// <summary>True when there was input since the look before. The first look only opens the devices.</summary>
    public bool HadInput()
    {
        if (_looks++ % LooksPerSearch == 0)
            Search();
        var had = false;
        foreach (var (name, fd) in _open)
        {
            if (!TryEmpty(fd, ref had))
            {
                // Unplugged.
                _ = LibC.Close(fd);
                _open.Remove(name);
            }
        }

        return had;
    }

    public void Dispose()
    {
        foreach (var fd in _open.Values)
            _ = LibC.Close(fd);
        _open.Clear();
    }

    private static bool TryEmpty(int fd, ref bool had)
    {
        var buffer = stackalloc byte[Chunk];
        while (true)
        {
            var length = LibC.Read(fd, buffer, Chunk);
            if (length > 0)
            {
                had = true;
                continue;
            }

            return length == 0 || Marshal.GetLastPInvokeError() is Errno.TryAgain or Errno.Interrupted;
        }
    }

    private void Search()
    {
        if (!Directory.Exists(classes))
            return;
        foreach (var path in Directory.EnumerateFileSystemEntries(classes, "event*"))
        {
            var name = Path.GetFileName(path);
            if (_open.ContainsKey(name) || !IsByHand(path))
                continue;
            var fd = LibC.Open(Path.Combine(devices, name), LibC.OpenReadOnly | LibC.OpenNonBlocking | LibC.OpenCloseOnExec, 0);
            if (fd >= 0)
                _open.Add(name, fd);
        }
    }

    // Keys, buttons, touches and pointers; not lids, temperatures or the machine's own movements (input-event-codes.h).
    private static bool IsByHand(string path) => HasAny(path, "key") || HasAny(path, "rel");

    private static bool HasAny(string path, string kind)
    {
        Span<byte> buffer = stackalloc byte[1024];
        return KernelFile.TryRead(Path.Combine(path, "device/capabilities", kind), buffer) is { } length && buffer[..length].IndexOfAnyExcept("0 \n"u8) >= 0;
    }
}
