using CsCheck;
using Isobar.Linux.Criu;
using Isobar.Linux.Criu.Rpc;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Tests.Criu;

public sealed class CriuFailureTests
{
    [Theory]
    [InlineData("(00.01) Error (criu/files.c:620): Unknown shit 600 (anon_inode:[io_uring])", "io_uring")]
    [InlineData("Error (criu/files-ext.c:96): Can't dump file 4 of that type [600] (anon_inode:[userfaultfd])", "userfaultfd")]
    [InlineData("Error (criu/files-ext.c:96): Can't dump file 4 of that type [20666] (chr 10:232 /dev/kvm)", "(chr 10:232 /dev/kvm)")]
    [InlineData("Error (compel/src/lib/infect.c:430): Unseizable non-zombie 4711 found, state S, err -1/10", "Process 4711 is being traced")]
    [InlineData("Error (criu/cr-dump.c:1000): Can't dump nested pid namespace for 12", "PID namespaces of its own")]
    [InlineData("Error (criu/files-reg.c:2143): Can't open file proc/3/task/17/comm on restore: No such file or directory", "just being named")]
    [InlineData("Error (criu/fsnotify.c:299): fsnotify: \tCan't dump that handle", "watches files")]
    [InlineData("Error (criu/cr-dump.c:352): Can't get rlimit 0: Operation not permitted", "CAP_SYS_RESOURCE")]
    [InlineData("Error (criu/sk-unix.c:800): unix: External socket is used. Consider using --ext-unix-sk option.", "UNIX socket to a program outside")]
    [InlineData("Error (criu/files-reg.c:2000): File home/u/data.bin has bad size 63000 (expect 86000)", "home/u/data.bin changed its size")]
    [InlineData("Error (criu/sk-unix.c:1800): unix: Can't bind id 0x1f ino 44 addr /tmp/s: Operation not permitted", "Operation not permitted")]
    [InlineData("Error (criu/files-reg.c:2100): Can't open file usr/lib/x.so on restore: No such file or directory", "usr/lib/x.so")]
    [InlineData("Error (criu/bfd.c:132): bfd: Error flushing image: No space left on device", "no space")]
    [InlineData("Error (criu/sk-inet.c:200): inet: Connected TCP socket, consider using --tcp-established option.", "TCP connections")]
    [InlineData("Error (criu/files-reg.c:1000): Can't dump ghost file /tmp/x of 2147483648 size, increase limit", "too large")]
    [InlineData("Error (criu/files.c:300): Can't lookup mount=24 for fd=0 path=/dev/null", "/dev/null open")]
    [InlineData("Error (criu/cr-dump.c:1528): A session leader of 32185(1) is outside of its pid namespace", "Process 32185")]
    [InlineData("Error (criu/files-reg.c:1444): Unaccessible path opened 103:1066737, need 103:1066735", "its name given to another one")]
    [InlineData("Error (criu/files-reg.c:1159): Can't link remap to /srv/work: Operation not permitted", "/srv/work, which the job has open")]
    [InlineData("Error (criu/x.c:1): something new", "(something new)")]
    public void Each_known_failure_has_its_own_sentence(string line, string part)
    {
        var sentence = CriuFailure.Explain(["Error (criu/cr-dump.c:1): first of many", line], "dump", ExitStatus.Exited(1));
        if (line.Contains("something new", StringComparison.Ordinal))
            sentence = CriuFailure.Explain([line], "dump", ExitStatus.Exited(1));
        Assert.Contains(part, sentence, StringComparison.Ordinal);
        Assert.EndsWith(".", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("{", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Error (criu/files-reg.c:1444): Unaccessible path opened 103:1066737, need 103:1066735", true)]
    [InlineData("Error (criu/files-reg.c:1159): Can't link remap to /srv/work: Operation not permitted", true)]
    [InlineData("Error (criu/files-reg.c:1159): Can't link remap to /srv/data: File exists", true)]
    [InlineData("Error (criu/files.c:620): Unknown shit 600 (anon_inode:[io_uring])", false)]
    public void What_may_pass_is_tried_again(string line, bool mayPass) => Assert.Equal(mayPass, CriuFailure.MayPass([line]));

    [Fact]
    public void Without_a_log_the_exit_is_told()
        => Assert.Contains("was killed by signal 11", CriuFailure.Explain([], "restore", ExitStatus.Killed(11)), StringComparison.Ordinal);

    [Fact]
    public void Any_line_makes_a_sentence()
        => Gen.String.Sample(line => Assert.EndsWith(".", CriuFailure.Explain([line], "dump", ExitStatus.Exited(1)), StringComparison.Ordinal));

    [Fact]
    public void Numbers_of_every_size_are_read_as_written()
        => Gen.Select(Gen.Int[1, 100_000], Gen.Long, Gen.String).Sample((field, value, text) =>
        {
            var reader = new ProtoReader(new ProtoWriter().Number(field, value).Text(field, text).Written);
            Assert.True(reader.Next());
            Assert.Equal((field, (ulong)value), (reader.Field, reader.Number));
            Assert.True(reader.Next());
            Assert.Equal(System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text)), reader.Text);
            Assert.False(reader.Next());
            Assert.False(reader.IsMalformed);
        });

    [Fact]
    public void Any_bytes_are_a_response_or_none()
        => Gen.Byte.Array[0, 64].Sample(bytes => _ = CriuResponse.Parse(bytes, null));
}
