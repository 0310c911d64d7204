using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Native;

/// <summary>Persistent names of files, as NFS servers use them (open_by_handle_at(2)), and the capability that they take.</summary>
internal static partial class HandleCalls
{
    private const string C = "libc";
    private const uint CapabilityVersion = 0x20080522;
    private const uint ReadSearch = 1 << 2;

    [LibraryImport(C, EntryPoint = "name_to_handle_at", SetLastError = true)]
    internal static partial int NameToHandle(SafeFileHandle directory, in byte name, ref KernelFileHandle handle, out int mount, int flags);

    [LibraryImport(C, EntryPoint = "open_by_handle_at", SetLastError = true)]
    internal static partial int OpenByHandle(SafeFileHandle mount, in KernelFileHandle handle, int flags);

    /// <summary>
    /// Sets the calling thread's capabilities to CAP_DAC_READ_SEARCH alone, permitted always and in effect only if asked for.
    /// </summary>
    internal static int UseReadSearch(bool effective)
    {
        var header = new CapabilityHeader { Version = CapabilityVersion };
        var sets = new CapabilitySets { Permitted = ReadSearch, Effective = effective ? ReadSearch : 0 };
        return SetCapabilities(header, sets);
    }

    [LibraryImport(C, EntryPoint = "capset", SetLastError = true)]
    private static partial int SetCapabilities(in CapabilityHeader header, in CapabilitySets sets);

    [StructLayout(LayoutKind.Sequential)]
    private struct CapabilityHeader
    {
        public uint Version;
        public int Pid;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CapabilitySets
    {
        public uint Effective;
        public uint Permitted;
        public uint Inheritable;
        public uint EffectiveHigh;
        public uint PermittedHigh;
        public uint InheritableHigh;
    }
}

/// <summary><c>struct file_handle</c> with room for the longest (MAX_HANDLE_SZ).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KernelFileHandle
{
    public const int Capacity = 128;

    public uint Length;
    public int Type;
    public Content Bytes;

    [InlineArray(Capacity)]
    internal struct Content
    {
        private byte _first;
    }
}
