using System.Runtime.InteropServices;

namespace Isobar.Linux.Kernel;

/// <summary>What an error number means to a user, with a remedy where there is a usual one.</summary>
public static class ErrnoText
{
    /// <summary>A clause without capital or full stop, fit to follow a colon.</summary>
    public static string Describe(int errno) => errno switch
    {
        Errno.NotPermitted => "the kernel does not permit it (it needs root, or a capability that root lacks here)",
        Errno.NoEntry => "there is no such file or directory",
        Errno.NoProcess => "the process is gone",
        Errno.NoChild => "it is not a child of this process",
        Errno.TryAgain => "the resource is exhausted for now (look at the limits of processes and memory)",
        Errno.NoMemory => "there is not enough memory",
        Errno.AccessDenied => "access is denied by the file's permissions",
        Errno.Busy => "it is in use",
        Errno.Exists => "it exists already",
        Errno.NotDirectory => "a part of the path is not a directory",
        Errno.IsDirectory => "it is a directory",
        Errno.TooManyOpenFilesInSystem => "the machine has too many open files (raise fs.file-max)",
        Errno.TooManyOpenFiles => "this process has too many open files (raise its limit: ulimit -n, LimitNOFILE= of systemd)",
        Errno.NoSpace => "no space is left on the file system",
        Errno.ReadOnly => "the file system is read-only",
        Errno.NameTooLong => "the name is too long",
        Errno.NotImplemented => "this kernel does not have the system call",
        Errno.NotSupported => "the file system or kernel does not support it",
        Errno.AddressInUse => "the address is in use",
        Errno.ConnectionRefused => "nobody listens there",
        _ => Plain(errno),
    };

    private static string Plain(int errno)
    {
        var text = Marshal.GetPInvokeErrorMessage(errno);
        return text.Length == 0 ? $"error {errno}" : char.ToLowerInvariant(text[0]) + text[1..];
    }
}
