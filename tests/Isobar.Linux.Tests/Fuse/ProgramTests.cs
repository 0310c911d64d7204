namespace Isobar.Linux.Tests.Fuse;

/// <summary>Real programs, with the whole machine's tree as their root.</summary>
public class ProgramTests
{
    [Fact(Timeout = 120_000)]
    public async Task Gcc_tar_sqlite_and_python_work_in_a_root_that_is_a_view()
    {
        await using var view = await MountedView.CreateAsync(home: "/", cancellation: TestContext.Current.CancellationToken);
        var work = Directory.CreateTempSubdirectory("isobar-work-").FullName;
        try
        {
            await File.WriteAllTextAsync(
                Path.Combine(work, "hello.c"), "#include <stdio.h>\nint main(void){puts(\"compiled\");return 0;}\n", TestContext.Current.CancellationToken);
            await Chroot(view, $"cd {work}; gcc -O1 -o hello hello.c; ./hello | grep -qx compiled");
            await Chroot(view, $"cd {work}; tar cf x.tar /etc 2>/dev/null; mkdir out; tar xf x.tar -C out; diff -r --no-dereference /etc out/etc");
            await Chroot(view, $"cd {work}; python3 -c 'import json,sys,sqlite3; print(sys.version)' | grep -q 3");
            await Chroot(
                view,
                $"""
                cd {work}
                sqlite3 db 'pragma journal_mode=wal; create table t(a int);' | grep -qx wal
                for j in 1 2; do (for i in $(seq 25); do sqlite3 -cmd '.timeout 20000' db "insert into t values($j$i)"; done) & done; wait
                [ $(sqlite3 db 'select count(*) from t') = 50 ]; [ $(sqlite3 db 'pragma integrity_check') = ok ]
                """);
            await Chroot(view, $"cd {work}; git init -q r; cd r; cp /usr/include/*.h .; git add .; git -c user.name=a -c user.email=b commit -qm x; git status --porcelain | wc -l | grep -qx 0; git fsck --strict");
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static async Task Chroot(MountedView view, string script) =>
        await MountedView.RunAsync("/usr/sbin/chroot", [view.View, "/bin/bash", "-euc", script], "/", seconds: 60);
}
