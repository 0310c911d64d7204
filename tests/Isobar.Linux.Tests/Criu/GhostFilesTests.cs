using System.Text;
using CsCheck;
using Isobar.Linux.Criu;
using Isobar.Linux.Criu.Images;
using Isobar.Linux.Criu.Rpc;
using Isobar.Linux.Files;

namespace Isobar.Linux.Tests.Criu;

public sealed class GhostFilesTests : IDisposable
{
    private const int ReadWrite = 2;
    private const int RegularMode = 0x81a4;
    private const int FolderMode = 0x41ed;
    private readonly string _images = Directory.CreateTempSubdirectory("isobar-ghosts-").FullName;

    public void Dispose() => FolderRemoval.Remove(_images);

    [Fact]
    public void What_is_only_read_goes_into_memory_and_what_is_written_keeps_its_folder()
    {
        Write(ghosts: [(1, RegularMode), (2, RegularMode)], files: [(10, 0, "/usr/bin/program", 5), (11, ReadWrite, "/home/u/data", 5), (12, 0, "/etc/passwd", 5)], remaps: [(10, 1), (11, 2)]);
        Assert.Equal(2, GhostFiles.Rename(_images, "/dev/shm"));
        var (files, numbers) = Read();
        Assert.Equal(("/dev/shm/program" + Mark(numbers[10]), 9), files[10]);
        Assert.Equal(("/home/u/data" + Mark(numbers[11]), 5), files[11]);
        Assert.Equal(("/etc/passwd", 5), files[12]);
        Assert.True(File.Exists(Path.Combine(_images, $"ghost-file-{numbers[10]:x}.img")) && File.Exists(Path.Combine(_images, $"ghost-file-{numbers[11]:x}.img")));
        Assert.False(File.Exists(Path.Combine(_images, "ghost-file-1.img")));
    }

    [Fact]
    public void All_open_files_of_one_ghost_stay_together()
    {
        Write(ghosts: [(1, RegularMode)], files: [(10, 0, "/a/one", 5), (11, ReadWrite, "/a/two", 5)], remaps: [(10, 1), (11, 1)]);
        Assert.Equal(1, GhostFiles.Rename(_images, "/dev/shm"));
        var (files, numbers) = Read();
        Assert.Equal(numbers[10], numbers[11]);
        Assert.Equal(("/a/one" + Mark(numbers[10]), 5), files[10]);
        Assert.Equal(("/a/two" + Mark(numbers[10]), 5), files[11]);
    }

    [Fact]
    public void A_folder_stays_where_it_was()
    {
        Write(ghosts: [(1, FolderMode)], files: [(10, 0, "/a/gone", 5)], remaps: [(10, 1)]);
        Assert.Equal(1, GhostFiles.Rename(_images, "/dev/shm"));
        var (files, numbers) = Read();
        Assert.Equal(("/a/gone" + Mark(numbers[10]), 5), files[10]);
    }

    [Fact]
    public void Two_restores_of_the_same_images_have_no_name_in_common()
    {
        var names = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            Write(ghosts: [(1, RegularMode), (2, RegularMode)], files: [(10, ReadWrite, "/a/same", 5), (11, ReadWrite, "/a/same", 5)], remaps: [(10, 1), (11, 2)]);
            GhostFiles.Rename(_images, "/dev/shm");
            foreach (var (name, _) in Read().Files.Values)
                Assert.True(names.Add(name), name);
            foreach (var ghost in Directory.EnumerateFiles(_images, "ghost-file-*"))
                File.Delete(ghost);
        }
    }

    [Fact]
    public void Images_without_ghosts_are_left_alone()
    {
        Write(ghosts: [], files: [(10, 0, "/a/one", 5), (11, 0, "/a/link_remap.1", 5)], remaps: [(10, 11)], type: 0);
        var before = File.ReadAllBytes(Path.Combine(_images, "files.img"));
        Assert.Equal(0, GhostFiles.Rename(_images, "/dev/shm"));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(_images, "files.img")));
        File.Delete(Path.Combine(_images, "remap-fpath.img"));
        Assert.Equal(0, GhostFiles.Rename(_images, "/dev/shm"));
    }

    [Fact]
    public void Damaged_images_are_refused_in_one_sentence()
        => Gen.Byte.Array[0, 60].Sample(bytes =>
        {
            File.WriteAllBytes(Path.Combine(_images, "remap-fpath.img"), bytes);
            Assert.Throws<CriuException>(() => GhostFiles.Rename(_images, "/dev/shm"));
        });

    [Fact]
    public void A_name_does_not_grow_with_each_move_and_leaves_room_for_what_CRIU_adds()
        => Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 255], Gen.UInt, Gen.UInt).Sample((last, one, other) =>
        {
            var first = GhostFiles.NewName(Encoding.UTF8.GetBytes("/a/" + last), one, null);
            var second = GhostFiles.NewName(first, other, null);
            Assert.Equal(first.Length, second.Length);
            Assert.EndsWith(Mark(other), Encoding.UTF8.GetString(second), StringComparison.Ordinal);
            Assert.StartsWith("/a/" + last[..Math.Min(last.Length, 200)], Encoding.UTF8.GetString(second), StringComparison.Ordinal);
            Assert.InRange(second.Length - "/a/".Length + ".cr.ffffffff.ghost".Length, 1, 255);
        });

    private static string Mark(uint number) => $".isobar-{number:x8}";

    private void Write((uint Id, int Mode)[] ghosts, (uint Id, int Flags, string Name, int Mount)[] files, (uint File, uint Ghost)[] remaps, int type = 1)
    {
        foreach (var (id, mode) in ghosts)
            ImageFile.Write(Path.Combine(_images, $"ghost-file-{id:x}.img"), ImageFile.GhostMagic, [new ProtoWriter().Number(1, 0).Number(2, 0).Number(3, mode).Written.ToArray()]);
        ImageFile.Write(Path.Combine(_images, "files.img"), ImageFile.FilesMagic, files.Select(file =>
            new ProtoWriter().Number(1, 1).Number(2, file.Id).Message(3, new ProtoWriter().Number(1, file.Id).Number(2, file.Flags).Number(3, 7)
                .Message(5, new ProtoWriter().Number(1, 0)).Text(6, file.Name).Signed(7, file.Mount).Number(8, 123)).Written.ToArray()));
        ImageFile.Write(Path.Combine(_images, "remap-fpath.img"), ImageFile.RemapMagic, remaps.Select(remap =>
            new ProtoWriter().Number(1, remap.File).Number(2, remap.Ghost).Number(3, type).Written.ToArray()));
        ImageFile.Write(Path.Combine(_images, "mountpoints-13.img"), ImageFile.MountsMagic, ((int Id, string Point)[])[(5, "/"), (9, "/dev/shm")] is var mounts
            ? mounts.Select(mount => new ProtoWriter().Number(1, 5).Number(2, mount.Id).Text(6, "/").Text(7, mount.Point).Written.ToArray())
            : []);
    }

    private (Dictionary<uint, (string Name, int Mount)> Files, Dictionary<uint, uint> Ghosts) Read()
    {
        var files = new Dictionary<uint, (string, int)>();
        foreach (var message in ImageFile.Read(Path.Combine(_images, "files.img"), ImageFile.FilesMagic)!)
        {
            var entry = RegularFileEntry.Find(message)!.Value;
            var (mount, size) = (0, 0UL);
            var reader = new ProtoReader(message.AsSpan(entry.Start, entry.Length));
            while (reader.Next())
            {
                if (reader.Field == 7)
                    mount = (int)(reader.Number >> 1);
                else if (reader.Field == 8)
                    size = reader.Number;
            }

            Assert.Equal(123UL, size);
            files[entry.Id] = (Encoding.UTF8.GetString(entry.Name(message)), mount);
        }

        var ghosts = new Dictionary<uint, uint>();
        foreach (var message in ImageFile.Read(Path.Combine(_images, "remap-fpath.img"), ImageFile.RemapMagic)!)
        {
            var numbers = new ulong[4];
            var reader = new ProtoReader(message);
            while (reader.Next())
                numbers[reader.Field] = reader.Number;
            ghosts[(uint)numbers[1]] = (uint)numbers[2];
        }

        return (files, ghosts);
    }
}
