using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Terminals;

/// <summary>What we ask of a terminal or pseudo-terminal: its size and its line discipline.</summary>
public static unsafe class Terminal
{
    // sizeof(struct termios) of glibc is 60; room to spare.
    private const int AttributesSize = 128;
    private const int Now = 0;
    private const int AfterOutput = 1;
    private const int LocalFlagsAt = 12;
    private const uint Canonical = 2;
    private const uint Echo = 8;

    public static bool IsTerminal(int fd) => TerminalNative.IsTerminal(fd) == 1;

    /// <summary>Columns and rows, or null when there is no terminal.</summary>
    public static (int Columns, int Rows)? Window(int fd)
    {
        var size = stackalloc ushort[4];
        return TerminalNative.Control(fd, TerminalNative.GetWindow, size) == 0 ? (size[1], size[0]) : null;
    }

    /// <summary>Sets the size; the foreground processes get SIGWINCH from the kernel.</summary>
    public static void SetWindow(SafeFileHandle terminal, int columns, int rows)
    {
        var size = stackalloc ushort[] { (ushort)rows, (ushort)columns, 0, 0 };
        _ = TerminalNative.Control(FileDescriptor.Number(terminal), TerminalNative.SetWindow, size);
    }

    /// <summary>The settings, to be put back later.</summary>
    public static byte[] Attributes(int fd)
    {
        var attributes = new byte[AttributesSize];
        fixed (byte* pointer = attributes)
        {
            if (TerminalNative.GetAttributes(fd, pointer) != 0)
                throw KernelException.Last("read the terminal's settings");
        }

        return attributes;
    }

    public static void SetAttributes(int fd, byte[] attributes)
    {
        fixed (byte* pointer = attributes)
            _ = TerminalNative.SetAttributes(fd, AfterOutput, pointer);
    }

    /// <summary>Every byte goes through as it is, both ways: the job's own terminal does the rest. Returns the settings before.</summary>
    public static byte[] MakeRaw(int fd)
    {
        var before = Attributes(fd);
        var raw = (byte[])before.Clone();
        fixed (byte* pointer = raw)
        {
            TerminalNative.MakeRaw(pointer);
            if (TerminalNative.SetAttributes(fd, AfterOutput, pointer) != 0)
                throw KernelException.Last("set up the terminal");
        }

        return before;
    }

    /// <summary>Neither echo nor lines: what was typed can be read at once, or put in without being shown. Returns the settings before.</summary>
    public static byte[] MakeTransparent(int fd)
    {
        var before = Attributes(fd);
        var plain = (byte[])before.Clone();
        ref var local = ref System.Runtime.CompilerServices.Unsafe.As<byte, uint>(ref plain[LocalFlagsAt]);
        local &= ~(Canonical | Echo);
        fixed (byte* pointer = plain)
            _ = TerminalNative.SetAttributes(fd, Now, pointer);
        return before;
    }
}
