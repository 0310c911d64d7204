#!/usr/bin/python3
"""What the owner of a machine feels of guests: his program on one core, alone and with guests on the same core, light as Isobar makes them and of ordinary weight.

owner.py ISOBAR [ROUNDS [GUESTS [RESULTS]]]     root; makes a sandbox of its own and takes it down.

The three are measured in turns of a second, so that what else the machine does falls on all alike; the ratio of the medians of short units of work is told. The host
goes before everything outside of it while that is measured: inside of it, owner and guests share a core as on a machine of their own.
"""

import glob
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time

SANDBOX = "owner"
TURN_SECONDS = 1.0
BLOCK = b"x" * (1 << 20)
SPIN = "import os\nos.sched_setaffinity(0, {CORE})\nwhile True: pass\n"


def isobar(*arguments, check=True):
    done = subprocess.run([ISOBAR, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check and done.returncode != 0:
        sys.exit(f"isobar {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def inside(host, *command, check=True):
    return isobar("sandbox", "exec", "--sandbox", SANDBOX, host, *command, check=check)


def put_first(host):
    """The host's control group weighs as much as one can: then another program of the machine is no part of what is measured."""
    for group in glob.glob(f"/sys/fs/cgroup/cpu/isobar-sandbox-*-{host}") + glob.glob(f"/sys/fs/cgroup/isobar-sandbox-*-{host}"):
        with open(f"/proc/{next(line['pid'] for line in json.loads(isobar('sandbox', 'list', '--json')) if line['sandbox'] == SANDBOX and line['host'] == host)}/cgroup") as own:
            if os.path.basename(group) not in own.read():
                continue
        for file, most in (("cpu.shares", "262144"), ("cpu.weight", "10000")):
            if os.path.exists(f"{group}/{file}"):
                with open(f"{group}/{file}", "w") as shares:
                    shares.write(most)


def turn():
    """Seconds of each of the units of work that fit into a turn."""
    units, end = [], time.perf_counter() + TURN_SECONDS
    while (now := time.perf_counter()) < end:
        for _ in range(4):
            hashlib.sha256(BLOCK).digest()
        units.append(time.perf_counter() - now)
    return units


def work(turns, core):
    """The owner's program, run in his machine: a line read from standard input begins a turn, a line of numbers answers."""
    os.sched_setaffinity(0, {core})
    for _ in range(turns):
        if not sys.stdin.readline():
            return
        print(json.dumps(turn()), flush=True)


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    guests = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    core = max(os.sched_getaffinity(0))
    isobar("sandbox", "up", "2", "--sandbox", SANDBOX)
    try:
        spin = SPIN.replace("CORE", str(core))
        # The guests' home is alpha; they run on beta. The others are beta's own programs, started by its shell.
        light = [inside("alpha", "isobar", "run", "--detach", "--on", "beta", "--stay", "/usr/bin/python3", "-c", spin) for _ in range(guests)]
        heavy = [inside("beta", "isobar", "run", "--detach", "--home", "--stay", "/usr/bin/python3", "-c", spin) for _ in range(guests)]
        time.sleep(3)
        owner = subprocess.Popen(
            [ISOBAR, "sandbox", "exec", "--sandbox", SANDBOX, "beta", "/usr/bin/python3", os.path.abspath(__file__), "work", str(rounds * 3 + 3), str(core)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def take():
            owner.stdin.write("go\n")
            owner.stdin.flush()
            return json.loads(owner.stdout.readline())

        def let(jobs, host, go):
            for job in jobs:
                inside(host, "isobar", "cont" if go else "stop", job)

        let(light, "alpha", False)
        let(heavy, "beta", False)
        put_first("beta")
        for _ in range(3):
            take()
        units = {"alone": [], "light": [], "ordinary": []}
        for _ in range(rounds):
            units["alone"] += take()
            let(light, "alpha", True)
            units["light"] += take()
            let(light, "alpha", False)
            let(heavy, "beta", True)
            units["ordinary"] += take()
            let(heavy, "beta", False)
        owner.stdin.close()
        owner.wait(timeout=30)
    finally:
        isobar("sandbox", "down", "--sandbox", SANDBOX, check=False)
    medians = {name: statistics.median(times) for name, times in units.items()}
    means = {name: statistics.fmean(times) for name, times in units.items()}
    results = {"rounds": rounds, "guests": guests, "median_seconds": medians, "mean_seconds": means,
               "slowdown_light_percent": round(100 * (medians["light"] / medians["alone"] - 1), 3),
               "slowdown_light_mean_percent": round(100 * (means["light"] / means["alone"] - 1), 3),
               "slowdown_ordinary_percent": round(100 * (medians["ordinary"] / medians["alone"] - 1), 1),
               "slowdown_ordinary_mean_percent": round(100 * (means["ordinary"] / means["alone"] - 1), 1)}
    print(f"the owner's program with {guests} guests on its core: {results['slowdown_light_percent']:+.2f} % (median; mean {results['slowdown_light_mean_percent']:+.2f} %) as Isobar runs them, "
          f"{results['slowdown_ordinary_percent']:+.0f} % (mean {results['slowdown_ordinary_mean_percent']:+.0f} %) with ordinary weight")
    if len(sys.argv) > 4:
        with open(sys.argv[4], "w") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "work":
        work(int(sys.argv[2]), int(sys.argv[3]))
    elif len(sys.argv) > 1:
        ISOBAR = sys.argv[1]
        main()
    else:
        sys.exit(__doc__)
