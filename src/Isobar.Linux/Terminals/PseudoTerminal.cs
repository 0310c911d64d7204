using System.Globalization;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Terminals;

/// <summary>A job's own terminal, in the job's instance of devpts. The job's first process makes it.</summary>
public static unsafe class PseudoTerminal
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;

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
}
