using CsCheck;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>Random operations have the same results, errors included, in the view as on a directory of the local disk (in the manner of fsx and fsstress).</summary>
public class FileOperationsModelTests
{
    /// <summary>Executes a list of operations in the current directory and prints what each one returned, and the tree at the end.</summary>
    private const string Interpreter =
        """
        import os, sys, json, errno, mmap, hashlib, stat
        names = ['a', 'b', 'c', 'd/a', 'd/b', 'd', 'e', 'e/f']
        fds = {}
        def data(n, seed): return hashlib.shake_128(b'%d' % seed).digest(n)
        def run(op, x, y, z):
            n, m = names[x % len(names)], names[y % len(names)]
            fd = fds.get(x % 4)
            if op == 'open':
                if fd is not None: os.close(fd)
                fds.pop(x % 4, None)
                fds[x % 4] = os.open(m, [os.O_RDWR, os.O_RDWR | os.O_CREAT, os.O_RDWR | os.O_CREAT | os.O_TRUNC, os.O_RDWR | os.O_APPEND | os.O_CREAT, os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_CREAT | os.O_EXCL][z % 7], 0o644)
                return 'ok'
            if op == 'unlink': return os.unlink(n)
            if op == 'mkdir': return os.mkdir(n)
            if op == 'rmdir': return os.rmdir(n)
            if op == 'rename': return os.rename(n, m)
            if op == 'link': return os.link(n, m)
            if op == 'symlink': return os.symlink(m, n)
            if op == 'stat': s = os.lstat(n); return [stat.S_IFMT(s.st_mode), s.st_mode & 0o7777, s.st_nlink if not stat.S_ISDIR(s.st_mode) else 0, s.st_size if stat.S_ISREG(s.st_mode) else 0]
            if op == 'list': return sorted(os.listdir(n))
            if op == 'chmod': return os.chmod(n, 0o600 | (z & 0o177))
            if op == 'truncate': return os.truncate(n, y * 37 % 200000)
            if op == 'times': os.utime(n, ns=(y * 1000003, z * 1000003)); return os.stat(n).st_mtime_ns
            if op == 'readfile': return hashlib.md5(open(n, 'rb').read()).hexdigest()
            if op == 'readlink': return os.readlink(n)
            if op == 'setx': os.setxattr(n, 'user.t', b'%d' % z); return sorted(a for a in os.listxattr(n) if a.startswith('user.'))
            if fd is None: return 'closed'
            if op == 'write': return os.write(fd, data(z % 70000, z))
            if op == 'pwrite': return os.pwrite(fd, data(z % 9000, z), y * 41 % 150000)
            if op == 'pread': return hashlib.md5(os.pread(fd, z % 70000, y * 41 % 150000)).hexdigest()
            if op == 'ftruncate': return os.ftruncate(fd, y * 37 % 200000)
            if op == 'fstat': s = os.fstat(fd); return [s.st_size if stat.S_ISREG(s.st_mode) else 0, s.st_nlink if stat.S_ISREG(s.st_mode) else 0]
            if op == 'fsync': return os.fsync(fd)
            if op == 'close': os.close(fd); del fds[x % 4]; return
            if op == 'punch': os.posix_fallocate(fd, y * 41 % 150000, z % 50000 + 1); return os.fstat(fd).st_size
            if op == 'seek': return os.lseek(fd, y * 41 % 150000, os.SEEK_SET)
            if op == 'map':
                size = os.fstat(fd).st_size
                if size == 0: return 'empty'
                with mmap.mmap(fd, size) as m:
                    at = y * 41 % size
                    m[at:at + 1] = b'M'
                    return hashlib.md5(m[:]).hexdigest()
        for op, x, y, z in json.load(sys.stdin):
            try: result = run(op, x, y, z)
            except OSError as e: result = errno.errorcode[e.errno]
            except (ValueError, PermissionError) as e: result = type(e).__name__
            print(op, x, y, z, result)
        for fd in fds.values(): os.close(fd)
        for where, folders, files in sorted(os.walk('.')):
            print(where, sorted(folders), sorted(files))
        for f in sorted(files for _, _, files in os.walk('.') for files in files): print(f)
        """;

    private static readonly string[] Operations =
    [
        "open", "open", "open", "write", "write", "pwrite", "pwrite", "pread", "pread", "ftruncate", "fstat", "fsync", "close", "punch", "seek", "map", "map",
        "unlink", "mkdir", "rmdir", "rename", "rename", "link", "symlink", "stat", "stat", "list", "chmod", "truncate", "times", "readfile", "readfile", "readlink", "setx",
    ];

    [Fact(Timeout = 180_000)]
    public async Task Any_sequence_of_operations_has_the_results_of_a_local_directory()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        var local = Directory.CreateTempSubdirectory("isobar-model-").FullName;
        await File.WriteAllTextAsync(Path.Combine(local, "interpreter.py"), Interpreter, cancellation);
        var step = from op in Gen.Int[0, Operations.Length - 1].Select(i => Operations[i]) from x in Gen.Int[0, 31] from y in Gen.Int[0, 9999] from z in Gen.Int[0, 99999] select (op, x, y, z);
        var round = 0;
        await step.Array[20, 400].SampleAsync(
            async steps =>
            {
                var json = "[" + string.Join(",", steps.Select(s => $"[\"{s.op}\",{s.x},{s.y},{s.z}]")) + "]";
                var input = Path.Combine(local, "input.json");
                await File.WriteAllTextAsync(input, json, cancellation);
                var name = $"round{round++}";
                var there = await Interpret(Directory.CreateDirectory(view.AtHome(name)).FullName.Replace(view.Home, view.View, StringComparison.Ordinal));
                var here = await Interpret(Directory.CreateDirectory(Path.Combine(local, name)).FullName);
                Assert.Equal(here, there);

                // What the job wrote is what home has, and so is it after the guest's caches are gone.
                await MountedView.RunAsync("/usr/bin/diff", ["-r", "--no-dereference", Path.Combine(local, name), view.AtHome(name)], "/");

                async Task<string> Interpret(string directory) =>
                    await MountedView.RunAsync("/bin/sh", ["-c", $"python3 {local}/interpreter.py < {input}"], directory);
            },
            iter: 25,
            threads: 1);
        Directory.Delete(local, recursive: true);
    }
}
