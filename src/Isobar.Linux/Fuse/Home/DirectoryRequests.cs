using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Requests that list directories.</summary>
internal static class DirectoryRequests
{
    /// <summary>Bytes before the name in <c>struct linux_dirent64</c>.</summary>
    private const int NameStart = 19;

    public static int Open(ServedTree tree, Inode inode, ReplyBuffer reply)
    {
        if (inode.Kind != FileKind.Directory)
            return -Errno.NotDirectory;
        using var link = new DescriptorLink(inode.Path);
        var descriptor = FileCalls.OpenAt(
            OpenFlags.AtCurrentDirectory, link.Path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (descriptor < 0)
            return ServedTree.Failure();
        var file = new OpenFile(inode, new SafeFileHandle(descriptor, ownsHandle: true), appends: false);
        return reply.Put(new FuseOpenedReply { Handle = tree.Files.Add(file) });
    }

    /// <summary>READDIR, and READDIRPLUS, which looks each name up in the same round trip.</summary>
    public static int Read(ServedTree tree, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseTransferRequest wanted, out _))
            return -Errno.Invalid;
        if (tree.Files.Find(wanted.Handle) is not { Inode.Kind: FileKind.Directory } file)
            return -Errno.BadDescriptor;
        var plus = request.Header.Opcode == FuseOpcode.ReadDirPlus;
        var output = reply.Payload((int)Math.Min(wanted.Size, FrameLimits.Transfer));
        lock (file.DirectoryGate)
            return Fill(tree, file, (long)wanted.Offset, plus, output);
    }

    private static int Fill(ServedTree tree, OpenFile file, long position, bool plus, Span<byte> output)
    {
        if (file.DirectoryPosition != position && DataCalls.Seek(file.Descriptor, position, 0) < 0)
            return ServedTree.Failure();

        // Records of the protocol are larger than those of the system call, so reading a part of the size rarely reads too much.
        Span<byte> listing = stackalloc byte[Math.Clamp(output.Length / (plus ? 6 : 1), 1024, 8192)];
        var used = 0;
        while (true)
        {
            var length = (int)DataCalls.ReadDirectory(file.Descriptor, ref MemoryMarshal.GetReference(listing), listing.Length);
            if (length <= 0)
            {
                var error = length < 0 && used == 0 ? ServedTree.Failure() : used;
                file.DirectoryPosition = position;
                return error;
            }

            for (ReadOnlySpan<byte> rest = listing[..length]; !rest.IsEmpty;)
            {
                var recordLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[16..]);
                var size = Append(tree, file.Inode, rest[..recordLength], plus, output[used..]);
                if (size == 0)
                {
                    file.DirectoryPosition = -1;
                    return used;
                }

                used += size;
                position = BinaryPrimitives.ReadInt64LittleEndian(rest[8..]);
                rest = rest[recordLength..];
            }
        }
    }

    /// <summary>Writes one entry; 0 if it does not fit.</summary>
    private static int Append(ServedTree tree, Inode directory, ReadOnlySpan<byte> record, bool plus, Span<byte> output)
    {
        var name = record[NameStart..];
        name = name[..(name.IndexOf((byte)0) + 1)];
        var prefix = plus ? FuseEntryReply.Size : 0;
        var bare = prefix + FuseDirent.Size + name.Length - 1;
        var size = (bare + 7) & ~7;
        if (size > output.Length)
            return 0;
        output = output[..size];
        output.Clear();
        var ino = BinaryPrimitives.ReadUInt64LittleEndian(record);
        if (plus)
        {
            // A node id of 0 says: no more is known of this entry. "." and ".." never get one, the kernel knows them.
            FuseEntryReply entry = default;
            if (!name.SequenceEqual(".\0"u8) && !name.SequenceEqual("..\0"u8))
                _ = tree.Lookup(directory, name, out entry);
            MemoryMarshal.Write(output, entry);
        }

        MemoryMarshal.Write(output[prefix..], new FuseDirent
        {
            Ino = tree.NumberOf(directory.Key.Device, ino),
            Offset = BinaryPrimitives.ReadUInt64LittleEndian(record[8..]),
            NameLength = (uint)name.Length - 1,
            Type = record[18],
        });
        name[..^1].CopyTo(output[(prefix + FuseDirent.Size)..]);
        return size;
    }
}
