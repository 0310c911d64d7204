#!/usr/bin/python3
"""What a cluster at rest costs on three hosts: isobard (and its store) beside a monitor from Debian on the same hosts at the same time.

rest.py ISOBAR [SECONDS [RESULTS]]     root; makes a sandbox of its own and takes it down. Monitors that are not installed are left out (eng/setup.sh bench).
"""

import json
import os
import shutil
import subprocess
import sys
import time

SANDBOX = "rest"
HOSTS = ("alpha", "beta", "gamma")
TICKS = os.sysconf("SC_CLK_TCK")


def isobar(*arguments, check=True):
    return subprocess.run([ISOBAR, *arguments], check=check, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout


def inside(host, *command, check=True):
    return isobar("sandbox", "exec", "--sandbox", SANDBOX, host, *command, check=check)


def start(host, *command):
    inside(host, "sh", "-c", 'setsid --fork "$@" < /dev/null > /dev/null 2>&1', "start", *command)


def processes(name):
    """Processes of this name inside of the sandbox's hosts, as the machine numbers them."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.path.basename(os.readlink(f"/proc/{entry}/exe")).split(" ")[0] == name and os.readlink(f"/proc/{entry}/ns/net") in NETWORKS:
                found.append(int(entry))
        except OSError:
            pass
    return found


def cpu(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid):
    """Proportional set size, MB: what pages are shared is shared."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024


def sent(host):
    """Bytes that a host's interface has sent so far."""
    total = 0
    for line in inside(host, "cat", "/proc/net/dev").splitlines()[2:]:
        name, counts = line.split(":")
        if name.strip() != "lo":
            total += int(counts.split()[8])
    return total


def measure(names, seconds):
    """Mean over the hosts: CPU in % of a core, memory in MB, and bytes per second that a host sends."""
    pids = {name: processes(name) for name in names}
    for name, found in pids.items():
        if len(found) != len(HOSTS):
            sys.exit(f"rest: {len(found)} processes of {name} instead of {len(HOSTS)}")
    before = {name: [cpu(pid) for pid in found] for name, found in pids.items()}
    bytes_before, begin = sum(sent(host) for host in HOSTS), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - begin
    after = {name: [cpu(pid) for pid in found] for name, found in pids.items()}
    wire = (sum(sent(host) for host in HOSTS) - bytes_before) / took / len(HOSTS)
    return {
        name: {
            "cpu_percent": round(100 * (sum(after[name]) - sum(before[name])) / took / len(HOSTS), 3),
            "memory_mb": round(sum(memory(pid) for pid in found) / len(HOSTS), 1),
        }
        for name, found in pids.items()
    }, round(wire)


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    results = {"seconds": seconds}
    isobar("sandbox", "up", "3", "--sandbox", SANDBOX)
    try:
        global NETWORKS
        NETWORKS = {os.readlink(f"/proc/{pid}/ns/net") for pid in host_pids()}
        time.sleep(15)
        alone, wire = measure(["isobard", "etcd"], seconds)
        results["alone"] = alone
        results["isobar_bytes_per_second"] = wire
        print(f"isobard alone: {alone['isobard']['cpu_percent']} % of a core, {alone['isobard']['memory_mb']} MB; its store {alone['etcd']['cpu_percent']} %; a host sends {wire} B/s")
        monitors = []
        if shutil.which("serf"):
            first = inside("alpha", "hostname", "-I").split()[0]
            for host in HOSTS:
                start(host, "serf", "agent", f"-node={host}", f"-bind={inside(host, 'hostname', '-I').split()[0]}", "-profile=lan", *([] if host == "alpha" else [f"-retry-join={first}"]))
            monitors.append("serf")
        if shutil.which("gmond"):
            for host in HOSTS:
                configure(host)
                start(host, "gmond", "-f", "-c", "/tmp/gmond.conf")
            monitors.append("gmond")
        if not monitors:
            sys.exit("rest: neither serf nor gmond is installed: run `eng/setup.sh bench` first.")
        time.sleep(15)
        both, wire_both = measure(["isobard", "etcd", *monitors], seconds)
        results["beside"] = both
        results["all_bytes_per_second"] = wire_both
        for name, line in both.items():
            ratio = both["isobard"]["cpu_percent"] / line["cpu_percent"] if line["cpu_percent"] else float("inf")
            print(f"{name:8} {line['cpu_percent']:7.3f} % of a core {line['memory_mb']:7.1f} MB   isobard needs {ratio:.2f} times its CPU")
        print(f"a host sends {wire_both} B/s with all of them")
    finally:
        isobar("sandbox", "down", "--sandbox", SANDBOX, check=False)
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w") as file:
            json.dump(results, file, indent=2)


def host_pids():
    return [host["pid"] for host in json.loads(isobar("sandbox", "list", "--json")) if host["sandbox"] == SANDBOX]


def configure(host):
    """Debian's own configuration, with the multicast between the hosts as it is: they are on one bridge."""
    inside(host, "sh", "-c", "gmond -t | sed 's/user = nobody/user = root/; s/setuid = yes/setuid = no/' > /tmp/gmond.conf; ip route add 239.2.11.71 dev $(ip -o link | sed -n 's/^[0-9]*: \\(e[^:@]*\\).*/\\1/p' | head -n 1)")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ISOBAR = sys.argv[1]
    main()
