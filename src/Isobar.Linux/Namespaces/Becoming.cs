using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Namespaces;

/// <summary>The last steps of a process that turns into a job's program: ignored signals, exec.</summary>
public static unsafe partial class Becoming
{
    /// <summary>The limit of this process: soft and hard.</summary>
    public static (ulong Soft, ulong Hard) CurrentLimit(int resource)
    {
        var now = stackalloc ulong[2];
        return GetLimit(resource, now) == 0 ? (now[0], now[1]) : (ulong.MaxValue, ulong.MaxValue);
    }

    /// <summary>Sets the dispositions of all signals to default, but those named to ignored; exec keeps both.</summary>
    public static void Signals(IReadOnlyList<int> ignored)
    {
        const int Last = 64;
        for (var signal = 1; signal <= Last; signal++)
            _ = SetHandler(signal, ignored.Contains(signal) ? 1 : 0);
    }

    /// <summary>Turns this process into a program; returns the error number when that failed.</summary>
    public static int Execute(string path, IReadOnlyList<byte[]> arguments, IReadOnlyList<byte[]> environment)
    {
        var argv = Vector(arguments);
        var envp = Vector(environment);
        _ = Exec(path, argv, envp);
        return Marshal.GetLastPInvokeError();
    }

    private static byte** Vector(IReadOnlyList<byte[]> items)
    {
        // Never freed: the process image is about to be replaced.
        var vector = (byte**)NativeMemory.AllocZeroed((nuint)items.Count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < items.Count; i++)
        {
            vector[i] = (byte*)NativeMemory.AllocZeroed((nuint)items[i].Length + 1);
            items[i].CopyTo(new Span<byte>(vector[i], items[i].Length));
        }

        return vector;
    }

    [LibraryImport(LibC.Name, EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, ulong* limit);

    [LibraryImport(LibC.Name, EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetHandler(int signal, nint handler);

    [LibraryImport(LibC.Name, EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Exec(string path, byte** arguments, byte** environment);
}
