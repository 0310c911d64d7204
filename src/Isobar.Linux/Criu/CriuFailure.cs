using System.Text.RegularExpressions;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Criu;

/// <summary>Turns what CRIU logged into one sentence for the user. Texts: CRIU 4.2 sources and what was seen to happen.</summary>
internal static partial class CriuFailure
{
    private static readonly (Regex Pattern, string Sentence)[] Known =
    [
        (IoUring(), "The program uses io_uring, which CRIU cannot move; turn it off in the program (UV_USE_IO_URING=0 for node) or run the job with --stay."),
        (UserFaultFd(), "The program uses userfaultfd, which CRIU cannot move; turn that off in the program or run the job with --stay."),
        (Traced(), "Process {1} is being traced (strace, gdb or another debugger); detach the debugger and move the job again."),
        (NestedPidNamespace(), "The job has made PID namespaces of its own (a container or sandbox), which CRIU cannot move; run it without the sandbox or with --stay."),
        (Limits(), "The job's processes belong to several users (sudo, su), and root lacks CAP_SYS_RESOURCE on this machine to ask for the limits of them all; give isobard that capability or run the job as one user."),
        (ExternalUnixSocket(), "The job is connected by a UNIX socket to a program outside of the job, which cannot come along; close that connection or run the job with --stay."),
        (FileWatch(), "The program watches files for changes (inotify or fanotify), which CRIU cannot carry over from this file system; turn the watching off in the program or run the job with --stay."),
        (BadSize(), "The file {1} changed its size while the job was moving; do not write to it from outside and move the job again."),
        (SocketBind(), "A UNIX socket of the job cannot be made again on the target's file system ({1}); put it into a directory of the job's own memory file system."),
        (ThreadName(), "A thread of the job was just being named or ended; move the job again."),
        (LinkNameTaken(), "Another job that is being moved has the name in use that CRIU needs beside the removed file {1}; move the job again, and remove the file link_remap.* there if nothing is being moved."),
        (NameOfAnother(), "A file or folder that the job has open was just renamed or removed, and its name given to another one; move the job again."),
        (NamelessFolder(), "{1}, which the job has open, was just renamed, or nobody may link it to another name (chattr +i); move the job again."),
        (MissingFile(), "The file {1} that the job has open is not visible at the target; make it visible there or run the job with --stay."),
        (NoSpace(), "There is no space for the job's images or files; free memory or enlarge the memory file system."),
        (NoMemory(), "The machine has not enough free memory for the job; free memory or choose another machine."),
        (TcpConnected(), "The job has TCP connections, and moving them was not asked for; run it with its own network or let it close them first."),
        (TcpInFlight(), "A TCP connection of the job was just being opened; move the job again."),
        (GhostTooBig(), "An unlinked file of the job is too large to be carried along; raise the limit or let the program close it first."),
        (ExternalMount(), "The mount {1} inside the job belongs to the machine and is not known to the mover; unmount it or run the job with --stay."),
        (UnsupportedFileSystem(), "The job has mounted a file system of a kind that CRIU cannot move ({1}); unmount it first."),
        (Cpu(), "The target's processor lacks features that the program already uses; choose a machine with the same or a newer processor."),
        (OpenMount(), "The job has {1} open, which lies outside of its own file tree; let it close that file first."),
        (Session(), "Process {1} belongs to a session outside of the job; start the job by isobar run."),
        (Descriptor(), "The job has a kind of file open that CRIU cannot move ({1}); close it in the program or run the job with --stay."),
        (Freeze(), "The job's processes could not be stopped in time; one of them may be waiting for a disk or a network file system: move the job again later."),
        (NoTar(), "The program tar is missing on this machine; install it: CRIU packs the job's memory file systems with it."),
        (NoPrivilege(), "CRIU lacks privileges on this machine; run isobard as root with CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE."),
        (OldCriu(), "CRIU refuses the images as made by another version; install the same version of CRIU on both machines."),
        (PidTaken(), "A process number that the job needs is taken at the target; move the job again."),
    ];

    // What another moment would not have met.
    private static readonly Regex[] Passing = [ThreadName(), TcpInFlight(), LinkNameTaken(), NameOfAnother(), NamelessFolder()];

    /// <summary>It was a matter of the moment: the same may succeed a little later.</summary>
    public static bool MayPass(IReadOnlyList<string> errors) => errors.Any(line => Passing.Any(pattern => pattern.IsMatch(line)));

    /// <param name="errors">CRIU's error lines, the first one first.</param>
    /// <param name="what">"dump" or "restore".</param>
    /// <param name="exit">How CRIU ended, for want of errors.</param>
    public static string Explain(IReadOnlyList<string> errors, string what, ExitStatus exit)
    {
        foreach (var (pattern, sentence) in Known)
        {
            foreach (var line in errors)
            {
                if (pattern.Match(line) is { Success: true } match)
                    return sentence.Replace("{1}", match.Groups.Count > 1 ? match.Groups[1].Value : "", StringComparison.Ordinal);
            }
        }

        return errors.Count == 0
            ? $"CRIU failed to {what} the job and {exit} without saying why; run isobar doctor."
            : $"CRIU cannot {what} the job ({Cause(errors[0])}); run isobar doctor, and isobar moves JOB --json for the log.";
    }

    // "(00.012345)   4711: Error (criu/files.c:12): text" -> "text"
    private static string Cause(string line)
    {
        var end = line.IndexOf("): ", Math.Max(line.IndexOf("Error (", StringComparison.Ordinal), 0), StringComparison.Ordinal);
        return (end < 0 ? line : line[(end + 3)..]).Trim();
    }

    [GeneratedRegex(@"io_uring")]
    private static partial Regex IoUring();

    [GeneratedRegex(@"userfaultfd")]
    private static partial Regex UserFaultFd();

    [GeneratedRegex(@"Unseizable non-zombie (\d+) found|(\d+) is traced|already (?:being )?traced")]
    private static partial Regex Traced();

    [GeneratedRegex(@"Can't dump nested pid namespace|nested pid")]
    private static partial Regex NestedPidNamespace();

    [GeneratedRegex(@"Can't get rlimit")]
    private static partial Regex Limits();

    [GeneratedRegex(@"External socket is used|Can't dump half of stream unix connection|external unix socket", RegexOptions.IgnoreCase)]
    private static partial Regex ExternalUnixSocket();

    [GeneratedRegex(@"fsnotify:|inotify|fanotify")]
    private static partial Regex FileWatch();

    [GeneratedRegex(@"File (\S+) has bad size")]
    private static partial Regex BadSize();

    [GeneratedRegex(@"(?:unix|sk).*[Cc]an't bind .*?([^:]*)$")]
    private static partial Regex SocketBind();

    [GeneratedRegex(@"Can't open file \S*proc/\d+/task/\d+/\S+|\S*proc/\d+/task/\d+/\S+ doesn't exist")]
    private static partial Regex ThreadName();

    [GeneratedRegex(@"Can't link remap to (\S+): File exists")]
    private static partial Regex LinkNameTaken();

    [GeneratedRegex(@"Unaccessible path opened")]
    private static partial Regex NameOfAnother();

    [GeneratedRegex(@"Can't link remap to (\S+): Operation not permitted")]
    private static partial Regex NamelessFolder();

    [GeneratedRegex(@"Can't open file (\S+) on restore|Can't open file (\S+?):? No such file|File (\S+) doesn't exist|Can't stat (\S+).*No such file")]
    private static partial Regex MissingFile();

    [GeneratedRegex(@"No space left on device")]
    private static partial Regex NoSpace();

    [GeneratedRegex(@"Cannot allocate memory|Can't allocate memory")]
    private static partial Regex NoMemory();

    [GeneratedRegex(@"Connected TCP socket|consider using --tcp-established", RegexOptions.IgnoreCase)]
    private static partial Regex TcpConnected();

    [GeneratedRegex(@"in-flight (?:TCP )?connection", RegexOptions.IgnoreCase)]
    private static partial Regex TcpInFlight();

    [GeneratedRegex(@"Can't dump ghost file .* of \d+ size|ghost-limit")]
    private static partial Regex GhostTooBig();

    [GeneratedRegex(@"mnt: Mount \d+ (\S+) .*(?:has unreachable|doesn't have a proper root)|Mount \S+ is external|(\S+) is external mount|doesn't have a proper root mount")]
    private static partial Regex ExternalMount();

    [GeneratedRegex(@"FS mnt (\S+) dev .* unsupported|Unsupported (?:fs|file system) (\S+)|Mount \S+ .*unsupported id")]
    private static partial Regex UnsupportedFileSystem();

    [GeneratedRegex(@"cpu: .*(?:CPU|instruction|capability|FPU|xsave)|incompatible cpu", RegexOptions.IgnoreCase)]
    private static partial Regex Cpu();

    [GeneratedRegex(@"Can't lookup mount=\d+ for fd=-?\d+ path=(\S+)")]
    private static partial Regex OpenMount();

    [GeneratedRegex(@"[Aa] session leader of (\d+)\(\d+\) is outside of its pid namespace|A (?:process|session) \S* ?.*outside of its pid namespace")]
    private static partial Regex Session();

    [GeneratedRegex(@"Can't dump file \d+ of that type \[\w+\] \(([^)]*)\)|Unknown shit \w+ \(([^)]*)\)")]
    private static partial Regex Descriptor();

    [GeneratedRegex(@"Timeout reached|Can't (?:freeze|seize) .*timeout|interrupted by (?:the )?timeout", RegexOptions.IgnoreCase)]
    private static partial Regex Freeze();

    [GeneratedRegex(@"exec(?:vp)? .*tar|Can't (?:exec|run) tar|\btar\b.*(?:No such file|failed)")]
    private static partial Regex NoTar();

    [GeneratedRegex(@"need to be run with root privileges|CAP_CHECKPOINT_RESTORE|has insufficient privileges|requires? .*CAP_SYS_ADMIN")]
    private static partial Regex NoPrivilege();

    [GeneratedRegex(@"Magic doesn't match|Not supported images version|image version", RegexOptions.IgnoreCase)]
    private static partial Regex OldCriu();

    [GeneratedRegex(@"[Pp]id \d+ (?:do(?:es)? not match|is already|mismatch)|Can't fork for \d+: File exists")]
    private static partial Regex PidTaken();
}
