"""The hosts of an experiment: sandbox hosts of unequal size, their control groups, their daemons."""

import json
import os
import subprocess
import threading
import time

MOUNT = "/sys/fs/cgroup"
# So that the hosts get what their quotas promise, whatever else the machine does: ordinary groups have 1024.
SHARES = int(os.environ.get("SHARES", "16384"))
PERIOD = 20_000


class Hosts:
    """Hosts that are up while the object is used as a context.

    cores: cores of each host by name, in order; memory: bytes of each (0 = no limit); is_bare: without daemons.
    """

    def __init__(self, isobar, sandbox, cores, memory=0, is_bare=False):
        self.isobar, self.sandbox, self.cores, self.memory, self.is_bare = isobar, sandbox, dict(cores), memory, is_bare
        self.names = list(self.cores)

    def __enter__(self):
        subprocess.run([self.isobar, "sandbox", "down", "--sandbox", self.sandbox], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        sizes = list(self.cores.values())
        options = ["--cores", ",".join(map(str, sizes if len(set(sizes)) > 1 else sizes[:1]))]
        if self.memory:
            options += ["--memory", str(self.memory)]
        if self.is_bare:
            options.append("--bare")
        subprocess.run(
            [self.isobar, "sandbox", "up", "--sandbox", self.sandbox, "--name", ",".join(self.names), *options], check=True, stdout=subprocess.DEVNULL, timeout=180)
        for name in self.names:
            folder = self.group(name, "cpu")
            if os.path.exists(f"{folder}/cpu.shares"):
                write(f"{folder}/cpu.shares", str(SHARES))
            else:
                write(f"{folder}/cpu.weight", str(min(10000, SHARES * 100 // 1024)))
            self.resize(name, self.cores[name])
        return self

    def __exit__(self, *_):
        subprocess.run([self.isobar, "sandbox", "down", "--sandbox", self.sandbox], check=True, stdout=subprocess.DEVNULL, timeout=180)

    @property
    def capacity(self):
        return sum(self.cores.values())

    def exec(self, host, *command):
        return [self.isobar, "sandbox", "exec", "--sandbox", self.sandbox, host, *map(str, command)]

    def start(self, host, *command, **options):
        """A command in a host that goes on by itself."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, **options}
        return subprocess.Popen(self.exec(host, *command), **options)

    def ask(self, host, *command, timeout=300, check=True):
        done = subprocess.run(self.exec(host, *command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))} on {host}: {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def json(self, host, *command):
        return json.loads(self.ask(host, *command, "--json"))

    def group(self, host, controller):
        """The folder of the host's control group; of version 2 it is one for all controllers."""
        unified = f"{MOUNT}/isobar-sandbox-{self.sandbox}-{host}"
        return unified if os.path.isdir(unified) else f"{MOUNT}/{controller}/isobar-sandbox-{self.sandbox}-{host}"

    def resize(self, host, cores):
        """The host is so large from now on."""
        folder, quota = self.group(host, "cpu"), round(cores * PERIOD)
        # What it did not get of one period, because others had the CPU, it may catch up in the next: else a host is smaller than its quota on a machine that is not idle.
        if os.path.exists(f"{folder}/cpu.max"):
            write(f"{folder}/cpu.max.burst", "0")
            write(f"{folder}/cpu.max", f"{quota} {PERIOD}")
            write(f"{folder}/cpu.max.burst", str(quota))
        else:
            write(f"{folder}/cpu.cfs_burst_us", "0")
            write(f"{folder}/cpu.cfs_period_us", str(PERIOD))
            write(f"{folder}/cpu.cfs_quota_us", str(quota))
            write(f"{folder}/cpu.cfs_burst_us", str(quota))

    def cpu_seconds(self, host):
        """CPU seconds that everything in the host has used so far."""
        folder = self.group(host, "cpuacct")
        if os.path.exists(f"{folder}/cpuacct.usage"):
            return int(read(f"{folder}/cpuacct.usage")) / 1e9
        return int(read(f"{folder}/cpu.stat").split()[1]) / 1e6

    def process_seconds(self, *names):
        """CPU seconds so far of the daemons of these names on all hosts, by name."""
        seconds = dict.fromkeys(names, 0.0)
        for host in self.names:
            for line in self.ask(host, "sh", "-c", "cat /proc/[0-9]*/stat", check=False).splitlines():
                name, rest = line[line.index("(") + 1:line.rindex(")")], line[line.rindex(")") + 2:].split()
                if name in seconds:
                    seconds[name] += (int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK")
        return seconds

    def watch(self):
        """Notes each second what each host and what the whole machine has used since the second before; call the result to end it and get the list."""
        over, seen = threading.Event(), []

        def look():
            before = [self.cpu_seconds(host) for host in self.names] + [machine_seconds()]
            at = time.monotonic()
            while not over.wait(1):
                now, then = [self.cpu_seconds(host) for host in self.names] + [machine_seconds()], time.monotonic()
                seen.append([round((n - b) / (then - at), 3) for n, b in zip(now, before)])
                before, at = now, then

        thread = threading.Thread(target=look, daemon=True)
        thread.start()

        def end():
            over.set()
            thread.join()
            return seen

        return end

    def wait_for_quiet(self, until, cores=0.1):
        """Waits until all hosts together use less than so many cores, seen from outside."""
        before = sum(self.cpu_seconds(host) for host in self.names)
        while time.monotonic() < until:
            time.sleep(1)
            now = sum(self.cpu_seconds(host) for host in self.names)
            if now - before < cores:
                return
            before = now

    def memory_events(self, host):
        """How often the host's group killed for want of memory, and the most that it held, in bytes."""
        folder = self.group(host, "memory")
        if os.path.exists(f"{folder}/memory.events"):
            words = read(f"{folder}/memory.events").split()
            return int(words[words.index("oom_kill") + 1]), int(read(f"{folder}/memory.peak"))
        words = read(f"{folder}/memory.oom_control").split()
        return int(words[words.index("oom_kill") + 1]), int(read(f"{folder}/memory.max_usage_in_bytes"))

    def know_each_other(self):
        """Waits until each daemon has news of all others."""
        until = time.monotonic() + 60
        for host in self.names:
            while True:
                nodes = self.json(host, "isobar", "nodes", "--age")["nodes"]
                if len(nodes) == len(self.names) and all(node["ageSeconds"] is not None for node in nodes):
                    break
                if time.monotonic() > until:
                    raise RuntimeError(f"{host} does not hear of all others: {nodes}")
                time.sleep(0.5)


def machine_seconds():
    """CPU seconds that the whole machine was busy so far."""
    fields = read("/proc/stat").split("\n", 1)[0].split()[1:8]
    return sum(int(field) for i, field in enumerate(fields) if i not in (3, 4)) / os.sysconf("SC_CLK_TCK")


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
