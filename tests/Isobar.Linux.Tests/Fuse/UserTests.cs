using Isobar.Linux.Fuse;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>A view served for an ordinary user: the home's rights are his, whoever asks on the guest.</summary>
public class UserTests
{
    private static readonly FileCredentials User = new(1000, 1001, [4444]);

    [Fact(Timeout = 60_000)]
    public async Task He_reads_and_writes_what_is_his_and_nothing_else()
    {
        await using var view = await MountedView.CreateAsync(User, cancellation: TestContext.Current.CancellationToken);
        await MountedView.RunAsync(
            "/bin/bash",
            ["-euc", "echo secret > secret; chmod 600 secret; mkdir his; chown 1000:1001 his; mkdir theirs; chmod 770 theirs; chown 0:4444 theirs; echo all > all; mkdir shut; echo x > shut/in; chmod 700 shut"],
            view.Home);

        // As root on the guest's side: the home must not be fooled by that.
        await view.ShellAsync(
            """
            ! cat secret 2>/dev/null; [ $(cat all) = all ]; ! echo x 2>/dev/null >> all; ! ls shut 2>/dev/null; ! cat shut/in 2>/dev/null; ! touch new 2>/dev/null
            umask 022; echo mine > his/f; mkdir his/d; ln -s x his/l; mkfifo his/p; echo x > theirs/f
            for n in his/f his/d his/l his/p theirs/f; do [ $(stat -c %u:%g $n) = 1000:1001 ]; done
            ! chown 0:0 his/f 2>/dev/null; ! mknod his/c c 1 3 2>/dev/null; ! chmod 777 all 2>/dev/null; ! rm secret 2>/dev/null; rm -f his/f
            """);
        Assert.False(File.Exists(view.AtHome("his/f")));
    }

    [Fact(Timeout = 60_000)]
    public async Task Access_lists_of_the_home_count()
    {
        await using var view = await MountedView.CreateAsync(User, cancellation: TestContext.Current.CancellationToken);
        await MountedView.RunAsync("/bin/bash", ["-euc", "echo x > f; chmod 600 f; setfacl -m u:1000:rw f"], view.Home);
        await MountedView.RunAsync(
            "/usr/bin/setpriv", ["--reuid=1000", "--regid=1001", "--clear-groups", "bash", "-euc", "[ -w f ]; [ ! -x f ]; [ $(cat f) = x ]; echo y > f"], view.View);
        Assert.Equal("y\n", await File.ReadAllTextAsync(view.AtHome("f"), TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task Programs_run_and_files_are_made_as_the_user_himself()
    {
        await using var view = await MountedView.CreateAsync(User, cancellation: TestContext.Current.CancellationToken);
        await MountedView.RunAsync("/bin/bash", ["-euc", "mkdir his; chown 1000:1001 his; cp /bin/ls ls; cp /bin/ls no; chmod 744 no"], view.Home);
        await MountedView.RunAsync(
            "/usr/bin/setpriv",
            ["--reuid=1000", "--regid=1001", "--clear-groups", "bash", "-euc", "cd his; ../ls / > out; [ -s out ]; ! ../no 2>/dev/null; [ ! -x ../no ]; umask 077; : > private; [ $(stat -c %a private) = 600 ]"],
            view.View);
    }
}
