using System.Text;
using CsCheck;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Tests.Processes;

public sealed class ProcFsTests
{
    [Fact]
    public void A_name_with_blanks_parentheses_and_digits_does_not_confuse_the_parser()
    {
        var stat = ProcStat.Parse("4711 (a) R (9 b) S 12 4711 4710 34816 4711 4194304 1 2 3 4 150 50 7 8 20 0 3 0 99887 18446744073709551615 321 18446744073709551615 1 1"u8);
        Assert.NotNull(stat);
        Assert.Equal(new ProcStat(4711, "a) R (9 b", 'S', 12, 4711, 4710, 34816, 150, 50, 3, 99887, 321) { ChildrenTicks = 15 }, stat.Value);
        Assert.Equal(TimeSpan.FromSeconds(2), stat.Value.CpuTime);
    }

    [Fact]
    public void Any_text_is_parsed_or_refused_but_never_throws()
        => Gen.OneOf(Gen.String, Gen.String.Select(s => $"12 ({s}) S 1 2 3 4 5")).Sample(text =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            _ = ProcStat.Parse(bytes);
            _ = ProcStatus.Parse(bytes);
        });

    [Fact]
    public void Every_process_of_the_machine_can_be_read()
    {
        var pids = ProcFs.AllPids();
        Assert.Contains(Environment.ProcessId, pids);
        foreach (var pid in pids)
        {
            if (ProcFs.Stat(pid) is not { } stat)
                continue;
            Assert.Equal(pid, stat.Pid);
            if (ProcFs.Status(pid) is { } status)
                Assert.Equal(pid, status.NamespacePids[0]);
        }
    }

    [Fact]
    public void This_process_is_described_truly()
    {
        var pid = Environment.ProcessId;
        var stat = ProcFs.Stat(pid)!.Value;
        Assert.True(stat.Threads > 1);
        Assert.InRange(ProcFs.ThreadIds(pid).Count, stat.Threads - 10, stat.Threads + 10);
        Assert.Equal(File.ReadAllText($"/proc/{pid}/cmdline").Split('\0')[0], ProcFs.CommandLine(pid)[0]);
        var resident = stat.ResidentPages * Environment.SystemPageSize;
        Assert.InRange(resident, 10_000_000, 4_000_000_000);
        Assert.InRange(ProcFs.AnonymousBytes(pid), 1_000_000, resident + 100_000_000);
        using var pipe = KernelPipe.Create();
        Assert.StartsWith("pipe:[", ProcFs.Descriptors(pid)[FileDescriptor.Number(pipe.ReadEnd)], StringComparison.Ordinal);
        Assert.Contains("flags:", ProcFs.DescriptorInfo(pid, FileDescriptor.Number(pipe.ReadEnd)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_is_gone_is_nothing_rather_than_an_error()
    {
        const int Gone = 4194301;
        Assert.Null(ProcFs.Stat(Gone));
        Assert.Null(ProcFs.Status(Gone));
        Assert.Empty(ProcFs.CommandLine(Gone));
        Assert.Empty(ProcFs.Descriptors(Gone));
        Assert.Null(ProcFs.NamespaceInode(Gone, "pid"));
        Assert.Null(PidFd.TryOpen(Gone));
        Assert.Empty(ProcessTree.InNamespaceOf(Gone));
    }

    [Fact]
    public async Task The_tree_of_a_pid_namespace_holds_all_its_processes_and_no_other()
    {
        var token = TestContext.Current.CancellationToken;
        using var output = KernelPipe.Create();
        using var outer = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = "/usr/bin/unshare",
            Arguments = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "(sleep 100 & exec sleep 101) & sh -c 'sleep 102' & echo up; wait"],
            Descriptors = new Dictionary<int, Microsoft.Win32.SafeHandles.SafeFileHandle> { [1] = output.WriteEnd },
        });
        var buffer = new byte[1];
        ReadExactly(output.ReadEnd, buffer);
        await Task.Delay(200, token);

        var init = ProcessTree.Descend(outer.Pid)[1];
        var inside = ProcessTree.InNamespaceOf(init);
        Assert.Equal(init, inside[0]);
        Assert.Equal(1, ProcFs.Status(init)!.InnermostPid);
        Assert.NotEqual(ProcFs.NamespaceInode(init, "pid"), ProcFs.NamespaceInode(outer.Pid, "pid"));
        var sleeps = inside.Select(ProcFs.CommandLine).Where(c => c[0] == "sleep").Select(c => c[1]).Order();
        Assert.Equal(["100", "101", "102"], sleeps);
        Assert.DoesNotContain(outer.Pid, inside);

        outer.Signal(15);
        using var initFd = PidFd.TryOpen(init);
        if (initFd is not null)
            PidFd.Signal(initFd, 9);
        await outer.WaitAsync(token);
    }

    private static void ReadExactly(Microsoft.Win32.SafeHandles.SafeFileHandle end, byte[] buffer)
    {
        using var copy = FileDescriptor.Duplicate(end);
        using var stream = new FileStream(copy, FileAccess.Read, 0);
        stream.ReadExactly(buffer);
    }
}
