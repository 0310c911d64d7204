namespace Isobar.Linux.Tests.Fuse;

/// <summary>Small writes are answered before home has them; nobody may notice.</summary>
public class EarlyWriteTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_close_and_an_fsync_mean_that_home_has_everything()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        await view.PythonAsync(
            $"""
            import os
            f = os.open('f', os.O_WRONLY | os.O_CREAT); h = os.open('{view.AtHome("f")}', os.O_RDONLY)
            size = 0
            for i in range(300):
                for j in range(i % 40): size += os.write(f, b'x' * (j * 97 + 1))
                os.fsync(f)
                assert os.fstat(h).st_size == size
            for i in range(300):
                with open('g', 'ab', 0) as g:
                    for j in range(i % 30): g.write(b'y' * 100)
                with open('{view.AtHome("g")}', 'ab') as g: g.write(b'z')
            data = open('{view.AtHome("g")}', 'rb').read()
            assert len(data) == sum(i % 30 * 100 + 1 for i in range(300)) and data.endswith(b'yz')
            """);
    }

    [Fact(Timeout = 60_000)]
    public async Task Everything_that_is_asked_for_later_sees_them()
    {
        await using var view = await MountedView.CreateAsync(cancellation: TestContext.Current.CancellationToken);
        await view.PythonAsync(
            """
            import os, random
            random.seed(3)
            model = bytearray()
            f = os.open('f', os.O_RDWR | os.O_CREAT)
            for i in range(4000):
                at, size = random.randrange(0, 200000), random.randrange(1, 6000)
                data = bytes([i % 251]) * size
                os.pwrite(f, data, at)
                model.extend(bytes(max(0, at + size - len(model))))
                model[at:at + size] = data
                what = random.randrange(12)
                if what == 0: assert os.stat('f').st_size == len(model)
                if what == 1: assert os.fstat(f).st_size == len(model)
                if what == 2: os.posix_fadvise(f, 0, 0, os.POSIX_FADV_DONTNEED); assert os.pread(f, len(model), 0) == model
                if what == 3: n = random.randrange(0, 150000); os.ftruncate(f, n); model = model[:n] + bytes(max(0, n - len(model)))
                if what == 4: os.rename('f', 'g'); assert os.stat('g').st_size == len(model); os.rename('g', 'f')
                if what == 5: assert [e.stat().st_size for e in os.scandir('.')] == [len(model)]
                if what == 6: os.posix_fallocate(f, len(model), 100); model.extend(bytes(100))
            assert open('f', 'rb').read() == model
            """);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_full_disk_is_told_at_the_latest_at_fsync_and_close()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var home = Directory.CreateTempSubdirectory("isobar-full-").FullName;
        await MountedView.RunAsync("/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "none", home], "/");
        try
        {
            await using var view = await MountedView.CreateAsync(home: home, cancellation: cancellation);
            await view.PythonAsync(
                """
                import os, errno
                for how in ('fsync', 'close', 'write'):
                    f = os.open(how, os.O_WRONLY | os.O_CREAT)
                    try:
                        for i in range(1000 if how == 'write' else 270): os.write(f, bytes(4096))
                        os.fsync(f) if how == 'fsync' else os.close(f)
                        raise SystemExit('no error at ' + how)
                    except OSError as e: assert e.errno == errno.ENOSPC, e
                    os.unlink(how)
                    try: os.close(f)
                    except OSError: pass
                open('again', 'w').write('fits')
                """);
        }
        finally
        {
            await MountedView.RunAsync("/bin/umount", ["-l", home], "/");
            Directory.Delete(home);
        }
    }
}
