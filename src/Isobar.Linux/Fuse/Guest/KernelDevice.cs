using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>This process's end of a FUSE file system: /dev/fuse and the mount that belongs to it.</summary>
internal sealed class KernelDevice : IDisposable
{
    private const uint DontSync = 0x4000;

    private readonly SafeFileHandle _device;
    private readonly SafeFileHandle _root;

    private KernelDevice(SafeFileHandle device, SafeFileHandle root)
    {
        _device = device;
        _root = root;
    }

    /// <exception cref="FileViewException">No FUSE here, no right to mount, or no such directory.</exception>
    public static KernelDevice Mount(string mountPoint, FileViewMountOptions options, bool checkPermissions)
    {
        var opened = FileCalls.OpenAt(OpenFlags.AtCurrentDirectory, "/dev/fuse\0"u8[0], OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0);
        if (opened < 0)
            throw new FileViewException($"Cannot open /dev/fuse: error {Marshal.GetLastPInvokeError()}; load the kernel module fuse (modprobe fuse).");
        var device = new SafeFileHandle(opened, ownsHandle: true);
        var flags = (options.AllowSetUserId ? 0 : MountCalls.NoSetUserId) | (options.AllowDevices ? 0 : MountCalls.NoDevices);
        var permissions = checkPermissions ? ",default_permissions" : "";
        var data = string.Create(
            CultureInfo.InvariantCulture, $"fd={opened},rootmode=40000,user_id=0,group_id=0,allow_other,max_read={Wire.FrameLimits.Transfer}{permissions}");
        if (MountCalls.Mount(options.Source, mountPoint, "fuse.isobar", flags, data) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            device.Dispose();
            throw new FileViewException($"Cannot mount the home's files at {mountPoint}: error {error}; it must be a directory, and mounting needs root.");
        }

        // O_PATH of a mounted root asks the file system nothing, so this process does not wait for itself.
        var path = Encoding.UTF8.GetBytes(mountPoint + '\0');
        var root = FileCalls.OpenAt(OpenFlags.AtCurrentDirectory, path[0], OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (root < 0)
        {
            _ = MountCalls.Unmount(mountPoint, MountCalls.ForceAndDetach);
            device.Dispose();
            throw new FileViewException($"The home's files were mounted at {mountPoint} but cannot be found there; something else is mounted over it.");
        }

        return new KernelDevice(device, new SafeFileHandle(root, ownsHandle: true));
    }

    /// <summary>Waits for a request and puts it into the buffer; its length, or a negative error number.</summary>
    public int Read(Span<byte> buffer)
    {
        var length = DataCalls.Read(_device, ref MemoryMarshal.GetReference(buffer), buffer.Length);
        return length < 0 ? -Marshal.GetLastPInvokeError() : (int)length;
    }

    /// <summary>Hands a whole reply to the kernel. A request that was interrupted has no one waiting (ENOENT); that is no error.</summary>
    public void Write(ReadOnlySpan<byte> reply) => _ = DataCalls.Write(_device, MemoryMarshal.GetReference(reply), reply.Length);

    /// <summary>Replies with an error number (negative), or with 0 and nothing else.</summary>
    public void Answer(ulong unique, int error)
    {
        var header = new FuseReplyHeader { Length = FuseReplyHeader.Size, Error = error, Unique = unique };
        Write(MemoryMarshal.AsBytes(new ReadOnlySpan<FuseReplyHeader>(in header)));
    }

    /// <summary>Makes the kernel ask again for the attributes of a node. Its cached pages stay, so that nothing is waited for.</summary>
    public void DropAttributes(ulong nodeId)
    {
        var notice = new InvalidationNotice
        {
            Header = new FuseReplyHeader { Length = 40, Error = FuseBits.NotifyInvalidateInode },
            Target = new FuseInvalidateInode { NodeId = nodeId, Offset = -1 },
        };
        Write(MemoryMarshal.AsBytes(new ReadOnlySpan<InvalidationNotice>(in notice)));
    }

    /// <summary>Lets the kernel read further ahead than INIT can ask for (its own default is the bound there). Without a writable /sys it stays as it is.</summary>
    public void SetReadAhead(int kibibytes)
    {
        if (FileCalls.Statx(_root, 0, OpenFlags.AtEmptyPath | (int)DontSync, Statx.BasicStats, out var attributes) != 0)
            return;
        try
        {
            File.WriteAllText(
                string.Create(CultureInfo.InvariantCulture, $"/sys/class/bdi/{attributes.DevMajor}:{attributes.DevMinor}/read_ahead_kb"),
                kibibytes.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Opens the root of the mount so that it can be flushed. Waits for this file system: never on a thread that serves it.</summary>
    public SafeFileHandle OpenRoot()
    {
        var opened = FileCalls.OpenAt(_root, "."u8[0], OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        return opened >= 0
            ? new SafeFileHandle(opened, ownsHandle: true)
            : throw new FileViewException($"Cannot flush the home's files: error {Marshal.GetLastPInvokeError()}; the view may have ended.");
    }

    /// <summary>Has the kernel begin to write back all changed pages of mapped files, and reports an earlier failure to do so. Waits for this file system.</summary>
    public static void Flush(SafeFileHandle root)
    {
        if (DataCalls.SyncFileSystem(root) < 0)
            throw new FileViewException($"Some of the job's changes did not reach home: error {Marshal.GetLastPInvokeError()} while flushing.");
    }

    /// <summary>A request that goes through the kernel's queue behind all that are in it. Waits for this file system.</summary>
    public static void Probe(SafeFileHandle root)
    {
        if (FileCalls.StatFs(root, out _) < 0)
            throw new FileViewException($"The home's files went away while they were flushed: error {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>Fails every request, waiting or to come, with ENOTCONN or ECONNABORTED; readers of the device get ENODEV.</summary>
    public void Abort() => Unmount(1);

    /// <summary>Aborts and takes the mount away, even under those who still use it.</summary>
    public void Detach() => Unmount(MountCalls.ForceAndDetach);

    public void Dispose()
    {
        _root.Dispose();
        _device.Dispose();
    }

    private void Unmount(int flags)
    {
        // By descriptor: the mount may have been moved since.
        if (!_root.IsClosed)
            _ = MountCalls.Unmount(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_root.DangerousGetHandle()}"), flags);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct InvalidationNotice
    {
        public FuseReplyHeader Header;
        public FuseInvalidateInode Target;
    }
}
