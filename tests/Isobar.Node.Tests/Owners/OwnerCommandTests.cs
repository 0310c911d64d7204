using System.Diagnostics;
using Isobar.Node.Owners;

namespace Isobar.Node.Tests.Owners;

/// <summary>A program says by its exit status whether the owner is there; only one that nobody but root can change is run.</summary>
public sealed class OwnerCommandTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("isobar-owner-").FullName, "here");

    [Theory]
    [InlineData("exit 0", true)]
    [InlineData("exit 1", false)]
    [InlineData("kill -9 $$", false)]
    public void Its_exit_status_is_the_answer(string script, bool says)
    {
        Write(script);
        var command = new OwnerCommand(_path);
        Assert.Null(command.Says);
        Until(() => command.Says is not null, command, 100);
        Assert.Equal((says, null), (command.Says, command.Trouble));
    }

    [Fact]
    public void What_others_can_change_or_what_is_not_there_is_not_run_and_said()
    {
        Write("exit 0");
        File.SetUnixFileMode(_path, File.GetUnixFileMode(_path) | UnixFileMode.OtherWrite);
        var command = new OwnerCommand(_path);
        Until(() => command.Trouble is not null, command, 100);
        Assert.Null(command.Says);
        Assert.Contains("can be changed by others than root", command.Trouble, StringComparison.Ordinal);
        var missing = new OwnerCommand(_path + "-not");
        Until(() => missing.Trouble is not null, missing, 100);
        Assert.Contains("there is no program", missing.Trouble, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_asked_every_five_seconds_and_not_again_before()
    {
        Write($"echo x >> {_path}.log");
        var command = new OwnerCommand(_path);
        Until(() => command.Says == true, command, 100);
        command.Look(104.9);
        Thread.Sleep(100);
        Assert.Equal("x\n", File.ReadAllText(_path + ".log"));
        command.Look(105);
        Until(() => File.ReadAllText(_path + ".log") == "x\nx\n", command, 105);
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    private void Write(string script)
    {
        File.WriteAllText(_path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(_path, (UnixFileMode)0b111_101_101);
    }

    private static void Until(Func<bool> condition, OwnerCommand command, double now)
    {
        var since = Stopwatch.GetTimestamp();
        do
        {
            command.Look(now);
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30));
            Thread.Sleep(10);
        }
        while (!condition());
    }
}
