"""Jobs that together need more memory than their machine has: with Isobar, and without."""

import json
import os
import re
import time

import report
from hosts import Hosts

CORES = {"alpha": 0.5, "beta": 0.5, "gamma": 0.5}
MEMORY = 1 << 30
HOME = "alpha"
JOBS = 8
MEGABYTES = 200
SECONDS = 60
SANDBOX = "bench-memory"


def measure(isobar, folder, is_balancing):
    """Eight jobs that grow to 200 MB each within a minute, next to idle otherwise: nothing but memory is a reason to move."""
    program = f"{folder}/work"
    with Hosts(isobar, SANDBOX, CORES, MEMORY) as hosts:
        hosts.know_each_other()
        if not is_balancing:
            hosts.ask(HOME, "isobar", "config", "set", "profile", "local")
            time.sleep(2)
        began = time.time()
        names = [f"m{i}" for i in range(JOBS)]
        for name in names:
            hosts.ask(HOME, "isobar", "run", "--detach", "--name", name, program, "--grow", name, MEGABYTES, SECONDS)
        used, least = [], {}
        until = time.monotonic() + SECONDS * 3
        while time.monotonic() < until:
            now = time.time() - began
            known = hosts.json(HOME, "isobar", "nodes", "--age")["nodes"]
            # What nobody has told (the profile local) is not known, and not nothing.
            free = {node["name"]: node["memoryFreeBytes"] for node in known}
            used.append((round(now, 1), *(None if free[host] is None else free[host] >> 20 for host in hosts.names)))
            if time.time() - began > SECONDS:
                listing = [job for job in hosts.json(HOME, "isobar", "ps", "-a") if job.get("name") in names]
                if all(job["state"] in ("Done", "Lost") for job in listing):
                    break
            time.sleep(1)
        listing = {job["name"]: job for job in hosts.json(HOME, "isobar", "ps", "-a") if job.get("name") in names}
        jobs = []
        for name in names:
            job = listing[name]
            words = hosts.ask(HOME, "isobar", "logs", job["id"], check=False).split()
            ledger = hosts.json(HOME, "isobar", "moves", job["id"])
            good = job["state"] == "Done" and job.get("exitCode") == 0 and len(words) == 4
            jobs.append({"name": name, "state": job["state"], "exitCode": job.get("exitCode"), "reason": job.get("reason"), "good": good, "checksum": words[3] if good else None,
                         "seconds": float(words[2]) - float(words[1]) if good else None, "moves": ledger})
        events = {host: hosts.memory_events(host) for host in hosts.names}
        swap = int(re.search(r"SwapTotal:\s+(\d+)", open("/proc/meminfo").read()).group(1))
        return {"balancing": is_balancing, "jobs": jobs, "free": used, "kills": {host: kills for host, (kills, _) in events.items()},
                "most": {host: most for host, (_, most) in events.items()}, "swapKiB": swap}


def write(results, runs):
    rows, lines = [], []
    for one in runs:
        moves = [move for job in one["jobs"] for move in job["moves"] if move["committed"]]
        ushered = [move for move in moves if move["why"].startswith("memory-ushering")]
        checksums = {job["checksum"] for job in one["jobs"] if job["good"]}
        rows.append(("Isobar" if one["balancing"] else "without (profile local)", f"{sum(job['good'] for job in one['jobs'])} of {len(one['jobs'])}", sum(one["kills"].values()),
                     len(moves), len(ushered), len([m for job in one["jobs"] for m in job["moves"] if not m["committed"]]), f"{max((move['freezeSeconds'] for move in moves), default=0):.1f} s",
                     f"{min(row[1] for row in one['free'])} MB", "yes" if len(checksums) <= 1 else "NO"))
        for job in one["jobs"]:
            lines.append(("isobar" if one["balancing"] else "without", job["name"], job["state"], job["exitCode"], job["good"], len([m for m in job["moves"] if m["committed"]]), job["seconds"]))
    print(report.table(("", "ended well", "killed by the kernel", "moves", "of them by memory", "failed moves", "longest freeze", "least free on alpha", "same result"), rows))
    report.write_csv(f"{results}/live-memory.csv", ("contender", "job", "state", "exit_code", "ended_well", "moves", "seconds"), lines)
    for one in runs:
        name = "isobar" if one["balancing"] else "without"
        report.write_csv(f"{results}/live-memory-{name}.csv", ("seconds", *(f"free_mb_{host}" for host in CORES)), one["free"])


def main(isobar, folder, results, arguments):
    """[isobar] [without]; `report` writes the tables of what was measured."""
    path = f"{folder}/memory.json"
    runs = json.load(open(path)) if os.path.exists(path) else {}
    for name in () if arguments[:1] == ["report"] else arguments or ("isobar", "without"):
        runs[name] = measure(isobar, folder, name == "isobar")
        with open(path, "w") as file:
            json.dump(runs, file)
        print(name, [(job["name"], job["state"], job["exitCode"], job["reason"]) for job in runs[name]["jobs"] if not job["good"]], flush=True)
    write(results, list(runs.values()))
