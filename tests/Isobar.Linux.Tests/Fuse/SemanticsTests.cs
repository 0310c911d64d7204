namespace Isobar.Linux.Tests.Fuse;

/// <summary>What programs may expect of a file system, seen from another process, as root's job.</summary>
public class SemanticsTests
{
    /// <summary>Name of the check, and the script (of bash or python) that fails if it does not hold. The current directory is the view.</summary>
    public static TheoryData<string, string> ShellChecks => new()
    {
        { "read back", "echo hello > a; [ $(cat a) = hello ]; printf x >> a; [ \"$(cat a)\" = $'hello\\nx' ]" },
        { "hard links share an inode", "echo 1 > a; ln a b; [ $(stat -c %h a) = 2 ]; [ $(stat -c %i a) = $(stat -c %i b) ]; echo 2 > b; [ $(cat a) = 2 ]; rm a; [ $(stat -c %h b) = 1 ]" },
        { "symbolic links, relative, absolute and broken", "echo 1 > a; ln -s a l; [ $(cat l) = 1 ]; [ $(readlink l) = a ]; ln -s /etc/passwd p; [ -s p ]; ln -s none n; ! cat n 2>/dev/null; [ -L n ]" },
        { "rename over a file and into a directory", "echo 1 > a; echo 2 > b; mv a b; [ $(cat b) = 1 ]; [ ! -e a ]; mkdir d; mv b d/c; [ $(cat d/c) = 1 ]" },
        { "rename without replacing", "echo 1 > a; echo 2 > b; mv -n a b; [ $(cat b) = 2 ]; [ $(cat a) = 1 ]" },
        { "directories", "mkdir -p a/b/c; touch a/b/c/f; ! rmdir a/b 2>/dev/null; [ $(stat -c %h a) -ge 1 ]; rm -r a; [ ! -e a ]" },
        { "a thousand entries are each listed once", "mkdir d; cd d; for i in $(seq 1000); do : > f$i; done; [ $(ls | sort -u | wc -l) = 1000 ]; [ $(ls -U | wc -l) = 1000 ]; ls -l | wc -l | grep -qx 1001" },
        { "modes and umask", "umask 027; touch a; mkdir d; [ $(stat -c %a a) = 640 ]; [ $(stat -c %a d) = 750 ]; chmod 4711 a; [ $(stat -c %a a) = 4711 ]" },
        { "times in nanoseconds", "touch -d '2001-02-03 04:05:06.123456789 UTC' a; [ $(stat -c %Y a) = 981173106 ]; stat -c %y a | grep -q '\\.123456789'" },
        { "owners", "touch a; chown 1234:4321 a; [ $(stat -c %u:%g a) = 1234:4321 ]; ln -s a l; chown -h 5:6 l; [ $(stat -c %u:%g l) = 5:6 ]" },
        { "truncate", "printf 0123456789 > a; truncate -s 4 a; [ $(cat a) = 0123 ]; truncate -s 8 a; [ $(stat -c %s a) = 8 ]; : > a; [ ! -s a ]" },
        { "FIFOs", "mkfifo f; (echo through > f) & [ $(cat f) = through ]; wait; [ -p f ]" },
        { "devices", "mknod n c 1 3; echo x > n; [ -c n ]; mknod z c 1 5; [ $(head -c 4 z | tr '\\0' a) = aaaa ]" },
        { "extended attributes", "touch a; setfattr -n user.x -v yes a; [ $(getfattr --only-values -n user.x a) = yes ]; getfattr a | grep -q user.x; setfattr -x user.x a; ! getfattr -n user.x a 2>/dev/null" },
        { "statfs of the home's disk", "[ $(stat -f -c %b .) = $(stat -f -c %b /tmp) ]" },
        { "chattr", "touch a; chattr +d a; lsattr a | grep -q d; chattr -d a" },
        { "sparse copy finds the holes", "truncate -s 100M a; printf x | dd of=a bs=1 seek=50M conv=notrunc 2>/dev/null; cp --sparse=always a b; [ $(stat -c %b b) -lt 1000 ]; cmp a b" },
        { "exec of a script and of a binary, and text busy", "printf '#!/bin/sh\\necho ran' > s; chmod +x s; [ $(./s) = ran ]; cp /bin/sleep x; ./x 1 & sleep 0.2; ! (echo > x) 2>/dev/null; wait" },
        { "fallocate", "fallocate -l 1M a; [ $(stat -c %s a) = 1048576 ]; fallocate -p -o 0 -l 65536 a" },
        { "birth time", "touch a; [ $(stat -c %W a) -gt 1000000000 ]" },
        { "a long name and one of strange bytes", "n=$(printf 'x%.0s' $(seq 255)); : > $n; [ -e $n ]; if (: > ${n}y) 2>/dev/null; then exit 1; fi; f=$'a\\xff\\n b'; echo 1 > \"$f\"; [ $(cat \"$f\") = 1 ]; ls -b | grep -q 377; rm a*" },
        { "a directory that is listed while its files are removed", "mkdir d; for i in $(seq 500); do : > d/f$i; done; rm -rf d; [ ! -e d ]" },
        { "/proc/mounts names it", "grep -q 'fuse.isobar' /proc/mounts" },
    };

    public static TheoryData<string, string> PythonChecks => new()
    {
        { "appends of two descriptors do not overwrite", "a=os.open('f',os.O_WRONLY|os.O_APPEND|os.O_CREAT);b=os.open('f',os.O_WRONLY|os.O_APPEND)\nfor i in range(100): os.write(a,b'a');os.write(b,b'b')\nassert open('f').read()=='ab'*100" },
        { "append switched on and off by fcntl", "f=os.open('f',os.O_RDWR|os.O_CREAT);os.write(f,b'0123456789')\nfcntl.fcntl(f,fcntl.F_SETFL,os.O_APPEND);os.pwrite(f,b'X',0);fcntl.fcntl(f,fcntl.F_SETFL,0);os.pwrite(f,b'Y',0)\nassert open('f').read()=='Y123456789X'\ng=os.open('f',os.O_WRONLY|os.O_APPEND);fcntl.fcntl(g,fcntl.F_SETFL,0);os.pwrite(g,b'Z',1);assert open('f').read()=='YZ23456789X', open('f').read()" },
        { "an unlinked open file lives on", "f=open('f','w+');f.write('kept');f.flush();os.unlink('f');assert os.fstat(f.fileno()).st_nlink==0;f.seek(0);assert f.read()=='kept';f.write('more');f.flush();assert os.fstat(f.fileno()).st_size==8;assert not os.listdir('.');assert open('/proc/self/fd/%d'%f.fileno()).read()=='keptmore'" },
        { "an open file follows its rename", "f=open('f','w');os.rename('f','g');f.write('x');f.close();assert open('g').read()=='x'" },
        { "shared mappings are written back", "f=open('f','wb+');f.truncate(8192);m=mmap.mmap(f.fileno(),8192);m[4096:4099]=b'abc';m.flush();assert os.pread(f.fileno(),3,4096)==b'abc';m[0:1]=b'z';m.close();f.close();assert open('f','rb').read(1)==b'z'" },
        { "private mappings are not", "open('f','wb').write(b'a'*4096);f=open('f','rb+');m=mmap.mmap(f.fileno(),4096,flags=mmap.MAP_PRIVATE);m[0:1]=b'z';m.close();assert open('f','rb').read(1)==b'a'" },
        { "mapping and descriptor see each other", "f=open('f','wb+',0);f.write(b'0'*4096);m=mmap.mmap(f.fileno(),4096);os.pwrite(f.fileno(),b'new',10);assert m[10:13]==b'new';m[20:22]=b'mm';assert os.pread(f.fileno(),2,20)==b'mm'" },
        { "O_TMPFILE, then a name", "f=os.open('.',os.O_TMPFILE|os.O_RDWR,0o644);os.write(f,b'tmp');assert not os.listdir('.');import ctypes;assert ctypes.CDLL(None).linkat(-100,b'/proc/self/fd/%d'%f,-100,b'named',0x400)==0;assert open('named').read()=='tmp';os.write(f,b'2');assert os.stat('named').st_nlink==1" },
        { "O_DIRECT", "f=os.open('f',os.O_RDWR|os.O_CREAT|os.O_DIRECT);m=mmap.mmap(-1,4096);m[:]=b'd'*4096;os.write(f,m);os.lseek(f,0,0);n=mmap.mmap(-1,4096);os.readv(f,[n]);assert n[:]==b'd'*4096" },
        { "holes", "f=os.open('f',os.O_RDWR|os.O_CREAT);os.ftruncate(f,1<<20);os.pwrite(f,b'x',1<<19);os.fsync(f);assert os.lseek(f,0,os.SEEK_DATA)==1<<19;assert os.lseek(f,1<<19,os.SEEK_HOLE)<1<<20" },
        { "AF_UNIX sockets", "s=socket.socket(socket.AF_UNIX);s.bind('s');s.listen();c=socket.socket(socket.AF_UNIX);c.connect('s');d,_=s.accept();c.send(b'hi');assert d.recv(2)==b'hi';import stat;assert stat.S_ISSOCK(os.stat('s').st_mode);os.chmod('s',0o600)" },
        { "flock and fcntl exclude", "a=open('f','w');b=open('f','w');fcntl.flock(a,fcntl.LOCK_EX)\ntry: fcntl.flock(b,fcntl.LOCK_EX|fcntl.LOCK_NB);assert 0\nexcept BlockingIOError: pass\npid=os.fork()\nfcntl.lockf(a,fcntl.LOCK_EX) if pid else None\nif pid==0:\n  import time;time.sleep(.3)\n  try: fcntl.lockf(b,fcntl.LOCK_EX|fcntl.LOCK_NB);os._exit(1)\n  except OSError: os._exit(0)\nassert os.wait()[1]==0" },
        { "copy_file_range", "open('a','wb').write(os.urandom(3<<20));a=os.open('a',os.O_RDONLY);b=os.open('b',os.O_WRONLY|os.O_CREAT);n=0\nwhile n<3<<20: n+=os.copy_file_range(a,b,(3<<20)-n)\nassert open('a','rb').read()==open('b','rb').read()" },
        { "renameat2: exchange and no replace", "import ctypes;l=ctypes.CDLL(None,use_errno=True);open('a','w').write('A');open('b','w').write('B')\nassert l.renameat2(-100,b'a',-100,b'b',2)==0;assert open('a').read()=='B'\nassert l.renameat2(-100,b'a',-100,b'b',1)==-1 and ctypes.get_errno()==17" },
        { "O_EXCL, O_NOFOLLOW, O_DIRECTORY", "os.symlink('x','l');open('f','w')\nfor n,fl,e in (('f',os.O_CREAT|os.O_EXCL,17),('l',os.O_NOFOLLOW,40),('f',os.O_DIRECTORY,20),('none',0,2)):\n  try: os.open(n,fl);assert 0,n\n  except OSError as x: assert x.errno==e,(n,x)" },
        { "fsync and O_SYNC", "f=os.open('f',os.O_WRONLY|os.O_CREAT|os.O_SYNC);os.write(f,b'x');os.fsync(f);os.fdatasync(f);d=os.open('.',os.O_RDONLY);os.fsync(d)" },
        { "large and unaligned reads and writes", "d=os.urandom(5000001);open('f','wb').write(d);assert open('f','rb').read()==d;f=os.open('f',os.O_RDWR);os.pwrite(f,b'q'*70000,999999);assert os.pread(f,70002,999998)==d[999998:999999]+b'q'*70000+d[1069999:1070000]" },
        { "utime: now, omit, given", "open('f','w');os.utime('f',ns=(1,2));s=os.stat('f');assert (s.st_atime_ns,s.st_mtime_ns)==(1,2);os.utime('f');assert os.stat('f').st_mtime>1e9;os.symlink('x','l');os.utime('l',ns=(5,7),follow_symlinks=False);assert os.lstat('l').st_mtime_ns==7" },
        { "/proc files of size 0 have contents", "assert 'MemTotal' in open(PROC+'/meminfo').read()" },
        { "set-user-id goes when another writes", "open('f','w').write('x');os.chown('f',1000,1000);os.chmod('f',0o6777)\nif os.fork()==0:\n  os.setgid(1001);os.setuid(1001);open('f','a').write('y');os._exit(0)\nos.wait();assert os.stat('f').st_mode&0o6000==0,oct(os.stat('f').st_mode)" },
        { "new files belong to the process that makes them", "os.chmod('.',0o777)\nif os.fork()==0:\n  os.setgroups([]);os.setgid(1001);os.setuid(1002);open('f','w');os.mkdir('d');os.symlink('x','l');os.mkfifo('p');os._exit(0)\nassert os.wait()[1]==0\nfor n in 'fdlp': s=os.lstat(n);assert (s.st_uid,s.st_gid)==(1002,1001),n" },
        { "another user is refused", "open('f','w').write('x');os.chmod('f',0o600)\nif os.fork()==0:\n  os.setgid(1001);os.setuid(1002)\n  try: open('f');os._exit(1)\n  except PermissionError: os._exit(0)\nassert os.wait()[1]==0" },
        { "a supplementary group gives access", "os.mkdir('d');os.chown('d',0,4444);os.chmod('d',0o770)\nif os.fork()==0:\n  os.setgroups([4444]);os.setgid(1001);os.setuid(1002);open('d/f','w');os._exit(0)\nassert os.wait()[1]==0;assert os.stat('d/f').st_uid==1002" },
        { "telldir and seekdir over many entries", "os.mkdir('d')\nfor i in range(3000): open('d/%d'%i,'w').close()\nn=[e.name for e in os.scandir('d')];assert len(n)==3000==len(set(n))" },
    };

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(ShellChecks))]
    public async Task Shell(string check, string script)
    {
        Assert.NotEmpty(check);
        await using var view = await MountedView.CreateAsync(cancellation: TestContext.Current.CancellationToken);
        await view.ShellAsync(script);
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(PythonChecks))]
    public async Task Python(string check, string script)
    {
        Assert.NotEmpty(check);
        await using var view = await MountedView.CreateAsync(cancellation: TestContext.Current.CancellationToken);
        await using var root = await MountedView.CreateAsync(home: "/", cancellation: TestContext.Current.CancellationToken);
        await view.PythonAsync($"import os,fcntl,mmap,socket\nPROC='{root.At("proc")}'\n{script}");
    }
}
