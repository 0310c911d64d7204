using Isobar.Linux.Kernel;
using Isobar.Linux.Owners;
using Isobar.Linux.Terminals;
using Isobar.Linux.Tests.Processes;

namespace Isobar.Linux.Tests.Owners;

/// <summary>When somebody last typed: at a real pseudo-terminal, and at devices whose queue a pipe plays.</summary>
public sealed class InputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-input-").FullName;

    [Fact]
    public void Typing_at_a_terminal_is_seen_and_what_is_no_terminal_is_not()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "pts"));
        File.WriteAllText(Path.Combine(_folder, "pts", "3"), "no device");
        File.WriteAllText(Path.Combine(_folder, "tty1"), "no device");
        var nobody = new TerminalInput(_folder);
        Assert.Null(nobody.LastInput());
        Assert.Equal(0, nobody.Users);

        using var master = FileDescriptor.Open("/dev/ptmx", 0x102);
        Assert.Equal(0, LibCProbe.UnlockTerminal(FileDescriptor.Number(master)));
        var path = $"/dev/pts/{PseudoTerminal.SlaveNumber(master)}";
        using var slave = FileDescriptor.Open(path, 0x102);
        File.CreateSymbolicLink(Path.Combine(_folder, "pts", "7"), path);
        // As if nobody had typed for an hour.
        File.SetLastAccessTimeUtc(path, DateTime.UtcNow.AddHours(-1));
        var input = new TerminalInput(_folder);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.InRange(input.LastInput()!.Value, now - 3700, now - 3500);
        Assert.Equal(1, input.Users);
        using (var keyboard = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(FileDescriptor.Number(master), false), FileAccess.Write, 0))
            keyboard.Write("x\n"u8);
        using (var program = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(FileDescriptor.Number(slave), false), FileAccess.Read, 1))
            Assert.Equal(2, program.Read(new byte[8]));
        // The kernel renews the time every 8 s at most.
        Assert.InRange(input.LastInput()!.Value, now - 9, now + 60);
    }

    [Fact]
    public void A_device_that_is_worked_by_hand_is_seen_once_for_each_input()
    {
        AddDevice("event0", key: "402000000 3803078f800d001", relative: "0");
        AddDevice("event1", key: "0", relative: "0");
        using var devices = new InputDevices(Path.Combine(_folder, "dev"), Path.Combine(_folder, "class"));
        Assert.False(devices.HadInput());
        using var keyboard = Opened("event0");
        using var lid = Opened("event1");
        Assert.False(devices.HadInput());
        keyboard.Write(new byte[24 * 300]);
        Assert.True(devices.HadInput());
        Assert.False(devices.HadInput());
        lid.Write(new byte[24]);
        Assert.False(devices.HadInput());
    }

    public void Dispose() => Isobar.Linux.Files.FolderRemoval.Remove(_folder);

    private FileStream Opened(string device) => new(Path.Combine(_folder, "dev", device), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);

    private void AddDevice(string name, string key, string relative)
    {
        var capabilities = Path.Combine(_folder, "class", name, "device", "capabilities");
        Directory.CreateDirectory(capabilities);
        Directory.CreateDirectory(Path.Combine(_folder, "dev"));
        File.WriteAllText(Path.Combine(capabilities, "key"), key + "\n");
        File.WriteAllText(Path.Combine(capabilities, "rel"), relative + "\n");
        using var made = System.Diagnostics.Process.Start("mkfifo", Path.Combine(_folder, "dev", name));
        made.WaitForExit();
    }
}
