using System.Globalization;
using System.Security.Cryptography;
using Isobar.Linux.Criu.Rpc;

namespace Isobar.Linux.Criu.Images;

/// <summary>
/// Gives the files of a job that have no name any more (unlinked, or replaced by a newer version) names that no other restore uses.
/// </summary>
/// <remarks>
/// CRIU makes such a file again beside its old name, as NAME.cr.1.ghost, links it to NAME, or to NAME.cr_link where that is taken, opens that and unlinks all
/// (criu/files-reg.c, open_remap_ghost and open_path). Its numbers count from 1 in every dump, so two jobs that run one program, and are restored at the same
/// moment, want the same names in the same folder, and one of them fails. The folder may also be one in which the job's user must not write, as that of a
/// program which was upgraded. So what is only read goes into the job's own memory file system, and everything else gets a number of chance in its name, which
/// shows for as long as the restore takes, and afterwards in /proc only: <c>NAME.isobar-1f2e3d4c (deleted)</c>.
/// </remarks>
public static class GhostFiles
{
    /// <summary>A larger file that is only read is a program's data rather than a program, and stays on the home's disk.</summary>
    private const long LargestInMemory = 256L << 20;

    // CRIU adds ".cr.XXXXXXXX.ghost" or ".cr_link" to it, and a name has 255 bytes.
    private const int LongestName = 200;
    private const int SuffixLength = 16;

    private const uint AccessModes = 3;
    private const uint Direct = 0x4000;
    private const uint TypeMask = 0xf000;
    private const uint RegularFile = 0x8000;

    // images/remap-file-path.proto
    private const ulong GhostRemap = 1;

    /// <summary>Renames them in the images; returns how many there are.</summary>
    /// <param name="images">All images of one dump.</param>
    /// <param name="memory">The mount point, in the job, of a memory file system that it alone has.</param>
    /// <exception cref="CriuException">The images are none that are known.</exception>
    public static int Rename(string images, string memory)
    {
        var remapPath = Path.Combine(images, "remap-fpath.img");
        if (ImageFile.Read(remapPath, ImageFile.RemapMagic) is not { } messages)
            return 0;
        List<Remap> remaps = [.. messages.Select(message => Remap.Parse(message, remapPath))];
        var filesPath = Path.Combine(images, "files.img");
        var files = ImageFile.Read(filesPath, ImageFile.FilesMagic) ?? throw ImageFile.NotOne(filesPath);
        var ghosts = remaps.Where(remap => remap.Type == GhostRemap).GroupBy(remap => remap.Ghost).ToDictionary(
            group => group.Key,
            group => new Ghost(group.Key, [.. group.Select(remap => remap.File)]));
        if (ghosts.Count == 0)
            return 0;

        var memoryMount = MountOf(images, memory);
        foreach (var ghost in ghosts.Values)
        {
            var before = Path.Combine(images, ImageOf(ghost.Number));
            ghost.FitsMemory = memoryMount is not null && IsRegular(before) && new FileInfo(before).Length <= LargestInMemory;
            do
                ghost.NewNumber = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)) & 0x7fff_ffff;
            while (ghosts.Values.Count(other => other.NewNumber == ghost.NewNumber) > 1 || ghosts.ContainsKey(ghost.NewNumber) || ghost.NewNumber == 0);
            File.Move(before, Path.Combine(images, ImageOf(ghost.NewNumber)));
        }

        var byFile = ghosts.Values.SelectMany(ghost => ghost.Files, (ghost, file) => (ghost, file)).ToDictionary(pair => pair.file, pair => pair.ghost);
        var entries = files.ConvertAll(message => (Message: message, File: RegularFileEntry.Find(message)));
        foreach (var (_, file) in entries)
        {
            // One that is written to would fill memory without an end.
            if (file is { } found && byFile.TryGetValue(found.Id, out var ghost))
                ghost.FitsMemory &= (found.Flags & (AccessModes | Direct)) == 0;
        }

        ImageFile.Write(filesPath, ImageFile.FilesMagic, entries.Select(entry =>
        {
            if (entry.File is not { } file || !byFile.TryGetValue(file.Id, out var ghost))
                return entry.Message;
            var name = NewName(file.Name(entry.Message), ghost.NewNumber, ghost.FitsMemory ? memory : null);
            return file.Renamed(entry.Message, name, ghost.FitsMemory ? memoryMount : null);
        }));
        ImageFile.Write(remapPath, ImageFile.RemapMagic, remaps.Zip(messages, (remap, message) =>
            remap.Type == GhostRemap ? new ProtoWriter().Number(1, remap.File).Number(2, ghosts[remap.Ghost].NewNumber).Number(3, (long)remap.Type).Written.ToArray() : message));
        return ghosts.Count;
    }

    /// <summary>The last part of a name with a number in it, instead of the one that an earlier move gave it; in a folder, or in its own.</summary>
    internal static byte[] NewName(ReadOnlySpan<byte> name, uint number, string? folder)
    {
        var slash = name.LastIndexOf((byte)'/');
        var last = name[(slash + 1)..];
        if (last.Length > SuffixLength && last[^SuffixLength..].StartsWith(".isobar-"u8))
            last = last[..^SuffixLength];
        last = last[..Math.Min(last.Length, LongestName)];
        ReadOnlySpan<byte> before = folder is null ? name[..(slash + 1)] : System.Text.Encoding.UTF8.GetBytes(folder + "/");
        return [.. before, .. last, .. System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $".isobar-{number:x8}"))];
    }

    private static string ImageOf(uint ghost) => string.Create(CultureInfo.InvariantCulture, $"ghost-file-{ghost:x}.img");

    private static bool IsRegular(string path)
    {
        const int ModeField = 3;
        var first = ImageFile.Read(path, ImageFile.GhostMagic, most: 1) is [var only] ? only : throw ImageFile.NotOne(path);
        var reader = new ProtoReader(first);
        while (reader.Next())
        {
            if (reader.Field == ModeField)
                return (reader.Number & TypeMask) == RegularFile;
        }

        return false;
    }

    private static int? MountOf(string images, string point)
    {
        const int IdField = 2;
        const int PointField = 7;
        foreach (var path in Directory.EnumerateFiles(images, "mountpoints-*.img"))
        {
            foreach (var message in ImageFile.Read(path, ImageFile.MountsMagic) ?? [])
            {
                var (id, here) = (0, "");
                var reader = new ProtoReader(message);
                while (reader.Next())
                {
                    if (reader.Field == IdField)
                        id = (int)reader.Number;
                    else if (reader.Field == PointField)
                        here = reader.Text.TrimStart('.');
                }

                if (here == point)
                    return id;
            }
        }

        return null;
    }

    /// <summary>images/remap-file-path.proto: an open file and what stands for it.</summary>
    private readonly record struct Remap(uint File, uint Ghost, ulong Type)
    {
        public static Remap Parse(ReadOnlySpan<byte> message, string path)
        {
            var remap = default(Remap);
            var reader = new ProtoReader(message);
            while (reader.Next())
            {
                remap = reader.Field switch
                {
                    1 => remap with { File = (uint)reader.Number },
                    2 => remap with { Ghost = (uint)reader.Number },
                    3 => remap with { Type = reader.Number },
                    _ => remap,
                };
            }

            return reader.IsMalformed ? throw ImageFile.NotOne(path) : remap;
        }
    }

    private sealed class Ghost(uint number, IReadOnlyList<uint> files)
    {
        public uint Number => number;

        public IReadOnlyList<uint> Files => files;

        public uint NewNumber { get; set; }

        public bool FitsMemory { get; set; }
    }
}
