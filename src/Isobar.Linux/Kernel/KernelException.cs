using System.Runtime.InteropServices;

namespace Isobar.Linux.Kernel;

/// <summary>A system call failed; the message is one sentence that names what was tried, on what, and why it failed.</summary>
public sealed class KernelException : IOException
{
    /// <param name="operation">What was tried, as a verb phrase: "open", "mount", "start the program".</param>
    /// <param name="path">The object it was tried on, or null.</param>
    /// <param name="errno">The error number of the call.</param>
    public KernelException(string operation, string? path, int errno)
        : base(path is null ? $"Cannot {operation}: {ErrnoText.Describe(errno)}." : $"Cannot {operation} {path}: {ErrnoText.Describe(errno)}.")
    {
        Operation = operation;
        Path = path;
        ErrorNumber = errno;
        HResult = errno;
    }

    public string Operation { get; }

    public string? Path { get; }

    /// <summary>See <see cref="Errno"/>.</summary>
    public int ErrorNumber { get; }

    /// <summary>The exception for the last P/Invoke call of this thread that was declared with SetLastError.</summary>
    public static KernelException Last(string operation, string? path = null) => new(operation, path, Marshal.GetLastPInvokeError());
}
