using System.Globalization;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Terminals;

/// <summary>Makes the job's own terminal, inside the job's instance of devpts.</summary>
public static unsafe class PseudoTerminal
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;

    /// <summary>A new master; its slave is unlocked and belongs to the user.</summary>
    /// <param name="multiplexer">The <c>ptmx</c> beside the wanted <c>pts</c> mount.</param>
    public static SafeFileHandle OpenMaster(string multiplexer)
    {
        var master = FileDescriptor.Open(multiplexer, ReadWrite | NoControllingTerminal);
        var unlock = 0;
        if (TerminalNative.Control(FileDescriptor.Number(master), TerminalNative.UnlockSlave, &unlock) != 0)
            throw KernelException.Last("unlock the pseudo-terminal of", multiplexer);
        return master;
    }

    /// <summary>The number of its slave: /dev/pts/N of its instance.</summary>
    public static int SlaveNumber(SafeFileHandle master)
    {
        var number = 0;
        if (TerminalNative.Control(FileDescriptor.Number(master), TerminalNative.GetSlaveNumber, &number) != 0)
            throw KernelException.Last("name the pseudo-terminal");
        return number;
    }

    /// <summary>Opens a slave without making it anybody's controlling terminal.</summary>
    /// <param name="terminals">The directory of the instance, <c>/dev/pts</c> as seen from here.</param>
    /// <param name="number">Its number.</param>
    /// <param name="nonBlocking">Reading gives up at once when nothing was typed.</param>
    public static SafeFileHandle OpenSlave(string terminals, int number, bool nonBlocking = false) => FileDescriptor.Open(
        string.Create(CultureInfo.InvariantCulture, $"{terminals}/{number}"),
        ReadWrite | NoControllingTerminal | (nonBlocking ? LibC.OpenNonBlocking : 0));

    /// <summary>The path of its slave.</summary>
    public static string SlavePath(string terminals, SafeFileHandle master) => string.Create(CultureInfo.InvariantCulture, $"{terminals}/{SlaveNumber(master)}");
}
