"""What a page costs that is in another machine's memory, beside one in its own and one on its disk, all in one run."""

import json
import os
import subprocess
import time

import report
from hosts import Hosts

CORES = {"alpha": 1, "beta": 0.5, "gamma": 1}
MEMORY = "256M,512M,1G"
MEGABYTES = 96
SANDBOX = "bench-remote"
PUSHES = {
    "name": "pushes", "load": {"policy": "mean"}, "dissemination": {"policy": "gossip"}, "move": "none",
    "consideration": {"periodSeconds": 1, "rules": [{"policy": "global-memory", "freeShare": 0.85}]},
}


class Pages:
    """bench/pages.c as a job of alpha's."""

    def __init__(self, hosts, program):
        self.hosts = hosts
        self.process = hosts.start("alpha", "isobar", "run", "--home", "--name", "pages", program, MEGABYTES, stdin=subprocess.PIPE)
        self.process.stdout.readline()

    def ask(self, *command):
        self.process.stdin.write(" ".join(command) + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]

    def elsewhere(self):
        return self.hosts.json("alpha", "isobar", "ps")[0].get("elsewhere") or {"places": {}, "out": 0, "longestStandMilliseconds": 0}

    def push(self):
        """Until nothing more goes; then nothing goes any more, so that what is measured is the way back alone."""
        self.hosts.ask("alpha", "isobar", "config", "set", "profile", json.dumps(PUSHES))
        before = -1
        for _ in range(20):
            time.sleep(5)
            there = self.elsewhere()["places"].get("gamma", 0)
            if there and there == before:
                break
            before = there
        self.hosts.ask("alpha", "isobar", "config", "set", "profile", "local")
        time.sleep(6)
        return self.elsewhere()


def measure(isobar, program):
    with Hosts(isobar, SANDBOX, CORES, MEMORY) as hosts:
        hosts.know_each_other()
        hosts.ask("alpha", "isobar", "config", "set", "profile", "local")
        pages = Pages(hosts, program)
        hosts.ask("alpha", "sh", "-c", "mkdir -p /var/lib/isobar/bench && head -c 100000000 /dev/urandom > /var/lib/isobar/bench/file && sync")
        seen = {"local": pages.ask("touch"), "file": pages.ask("disk", "/var/lib/isobar/bench/file")}
        seen["pushed"] = pages.push()
        seen["remote"] = pages.ask("touch")
        seen["again"] = pages.push()
        hosts.ask("gamma", "pkill", "-KILL", "-x", "isobard")
        seen["disk"] = pages.ask("touch")
        time.sleep(6)
        seen["after"] = pages.elsewhere()
        pages.process.stdin.close()
        seen["exit"] = pages.process.wait(30)
        return seen


def write(results, runs):
    rows = []
    for number, seen in enumerate(runs, 1):
        _, _, _, _, all_local = seen["local"]
        for name, words in (("local", "its own memory"), ("remote", "gamma's memory"), ("disk", "its own disk, the server killed")):
            count, waits, middle, late, whole = seen[name]
            rows.append((number, words, int(waits), f"{middle:.0f}" if waits else "-", f"{late:.0f}" if waits else "-", f"{whole / count:.2f}", f"{whole / all_local:.0f}", f"{middle / seen['file'][0]:.2f}" if waits else "-"))
        rows.append((number, "(32 KiB of a file on that disk)", "", f"{seen['file'][0]:.0f}", f"{seen['file'][1]:.0f}", "", "", "1.00"))
    print(report.table(("run", "pages in", "waits", "p50 us", "p99 us", "us per page", "of local", "p50 of a file's"), rows))
    for seen in runs:
        print(f"out {seen['pushed']['places'].get('gamma', 0) >> 20} MiB, longest stop {seen['after']['longestStandMilliseconds']:.1f} ms, pages from the disk {seen['after']['fromDisk']}, exit {seen['exit']}")


def main(isobar, folder, results, arguments):
    """[RUNS]; `report` writes the table of what was measured."""
    path = f"{folder}/remote.json"
    runs = json.load(open(path)) if arguments[:1] == ["report"] else []
    if not runs:
        program = f"{folder}/pages-{os.getpid()}"
        source = f"{os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}/pages.c"
        subprocess.run(["cc", "-O2", "-o", program, source], check=True)
        try:
            for _ in range(int(arguments[0]) if arguments else 3):
                runs.append(measure(isobar, program))
                with open(path, "w") as file:
                    json.dump(runs, file)
        finally:
            os.unlink(program)
    write(results, runs)
