# Makes a host out of fresh namespaces: its own root view, /proc, /tmp, /run, /dev/shm and terminals. Runs as its first process and
# becomes the init that reaps. Arguments: the host's folder, its name, "IP NAME" lines of all hosts, its cgroup folders.
set -eu
folder=$1 name=$2 hosts=$3 groups=$4

# Moves this process (0 = the writer) and so all that it will start.
for group in $groups; do echo 0 > "$group/cgroup.procs"; done

# In the machine's /proc, which is still mounted here, this process has the machine's number for it.
read -r pid rest < /proc/self/stat

mount --make-rprivate /
cd "$folder"
mkdir -p upper work root
# A whiteout in the upper layer hides what the machine has at that path; a folder made over it is opaque (overlayfs.rst).
mkdir -p upper/var/lib upper/var/tmp upper/etc
chmod 755 upper upper/var upper/var/lib upper/etc
for hidden in tmp var/lib/isobar etc/isobar; do
    if [ -e "/$hidden" ]; then mknod "upper/$hidden" c 0 0; fi
done
# volatile: what a host writes is thrown away with it, so nothing waits for the disk, neither fsync nor the last unmount, which would
# otherwise flush the machine's whole file system (overlayfs.rst, "Volatile mount", Linux 5.10).
overlay="volatile,lowerdir=/,upperdir=$folder/upper,workdir=$folder/work"
if ! mount -t overlay -o "$overlay" overlay root 2> /dev/null; then
    # A machine whose root is itself an overlay (a container) cannot hold an upper layer: then the layer is in memory.
    mount -t tmpfs -o mode=755 tmpfs root
    mkdir root/upper root/work root/root
    mknod root/upper/tmp c 0 0
    mount -t overlay -o "volatile,lowerdir=/,upperdir=$folder/root/upper,workdir=$folder/root/work" overlay root/root
    cd root
fi
# Other disks of the machine are not part of the overlay; they are there to be read.
sed -n 's/^[^ ]* [^ ]* [^ ]* \/ \([^ ]*\) .* - \(ext[234]\|xfs\|btrfs\|f2fs\) .*/\1/p' /proc/self/mountinfo | sort | while read -r disk; do
    case $disk in / | /dev* | /proc* | /sys* | /run* | /tmp*) continue ;; esac
    if [ -d "root$disk" ]; then mount --bind -o ro "$disk" "root$disk"; fi
done
cd root
mkdir -p tmp var/lib/isobar
chmod 1777 tmp
rm -f etc/hostname etc/hosts
echo "$name" > etc/hostname
{
    echo "127.0.0.1 localhost"
    echo "$hosts"
} > etc/hosts
hostname "$name"

mount -t proc proc proc
mount --rbind /sys sys
mount --bind /dev dev
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
if [ -d /dev/mqueue ]; then mount -t mqueue mqueue dev/mqueue; fi
# CRIU keeps what it learnt about the kernel in /run only if that is a tmpfs.
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mkdir -p run/lock
chmod 1777 run/lock

exec 3> "$folder/first"
pivot_root . mnt
cd /
umount -l /mnt
ip link set lo up
echo "$pid" >&3
exec 3>&-
exec dumb-init -- sleep infinity
