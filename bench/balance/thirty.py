"""Thirty jobs of unequal and unknown length, handed in at once on one of four unequal machines: makespan and mean slowdown."""

import json
import os
import statistics
import time

import contenders
import report
import work
from hosts import Hosts

CORES = {"alpha": 0.4, "beta": 0.6, "gamma": 0.3, "delta": 0.2}
HOME = "alpha"
JOBS = 30
LIMIT_SECONDS = 120
MEGABYTES = 4
# Contenders that need daemons; the others get bare hosts.
OURS = ("isobar", "batch", "home")
NAMES = ("isobar", "home", "parallel1", "parallel2", "slurm")
SANDBOX = "bench-thirty"


def capacity(hosts, program, seconds=6):
    """Thousand rounds a second that each host gets done while all of them work: what there is to be had, whatever the quotas say."""
    runs = {host: hosts.start(host, program, "--for", seconds) for host in hosts.names}
    return {host: float(run.communicate(timeout=seconds * 10)[0].split()[0]) / seconds for host, run in runs.items()}


def contender(name, folder):
    return {
        "isobar": lambda: contenders.Isobar("Isobar"),
        "batch": lambda: contenders.Isobar("Isobar, in turn", profile="isobar-batch"),
        "home": lambda: contenders.Isobar("no balancing", profile="local"),
        "parallel1": lambda: contenders.Parallel(1, folder),
        "parallel2": lambda: contenders.Parallel(2, folder),
        "slurm": lambda: contenders.Slurm(folder),
    }[name]()


def same_for_all(folder, measured):
    """Thousand rounds that count as one CPU second: what was measured first, so that all contenders are given the same work."""
    path = f"{folder}/rounds-per-core-second"
    if not os.path.exists(path):
        with open(path, "w") as file:
            file.write(str(measured))
    with open(path) as file:
        return float(file.read())


def measure(isobar, folder, name, seed, sandbox=SANDBOX):
    """One contender on fresh hosts."""
    program = f"{folder}/work"
    with Hosts(isobar, sandbox, CORES, is_bare=name not in OURS) as hosts:
        before = capacity(hosts, program)
        per_core = same_for_all(folder, sum(before.values()) / hosts.capacity)
        sizes = work.lengths(JOBS, LIMIT_SECONDS * hosts.capacity, seed)
        jobs = [(f"j{i:02}", round(size * per_core), MEGABYTES) for i, size in enumerate(sizes)]
        cpu = {host: hosts.cpu_seconds(host) for host in hosts.names}
        watch = hosts.watch()
        outcome = contender(name, folder).run(hosts, program, jobs, HOME)
        usage = watch()
        used = sum(hosts.cpu_seconds(host) - cpu[host] for host in hosts.names)
        if name == "isobar":
            record(hosts, folder, f"{folder}/thirty-{seed}.csv")
        after = capacity(hosts, program)
        return {
            "name": outcome.name,
            "seed": seed,
            "perCore": per_core,
            "before": before,
            "after": after,
            "began": outcome.began,
            "makespan": outcome.makespan,
            "slowdowns": {job: (end - outcome.began) / size for (job, (_, _, end)), size in zip(sorted(outcome.jobs.items()), sizes)},
            "sizes": sizes,
            "cpuSeconds": used,
            "usage": usage,
            "jobs": {job: {"start": start - outcome.began, "end": end - outcome.began, "spells": spells} for job, (start, spells, end) in sorted(outcome.jobs.items())},
            "moves": [{"job": job, **move} for job, move in outcome.moves],
            "notes": outcome.notes,
        }


def record(hosts, folder, path):
    """What `isobar sim record` makes of the run, and the command that it says."""
    text = hosts.ask(HOME, "sh", "-c", "isobar sim record /tmp/seen.csv && cat /tmp/seen.csv").splitlines()
    with open(path, "w") as file:
        file.write("\n".join(text[2:]) + "\n")
    with open(path + ".command", "w") as file:
        file.write("\n".join(text[:2]) + "\n")


def run(isobar, folder, results, names=NAMES, seeds=(1,)):
    runs = load(folder)
    for seed in seeds:
        for name in names:
            began = time.monotonic()
            one = measure(isobar, folder, name, seed)
            runs[f"{name}-{seed}"] = one
            save(folder, runs)
            print(f"{one['name']}, seed {seed}: {one['makespan']:.0f} s, {len([m for m in one['moves'] if m['committed']])} moves; {one['notes']} ({time.monotonic() - began:.0f} s in all)", flush=True)
    write(results, runs)


def load(folder):
    path = f"{folder}/thirty.json"
    return json.load(open(path)) if os.path.exists(path) else {}


def save(folder, runs):
    with open(f"{folder}/thirty.json", "w") as file:
        json.dump(runs, file)


def limits(one):
    """The fluid limit, and what can be had with jobs that cannot be divided; seconds, from the speed that was measured before and after."""
    scale = one["perCore"]
    speeds = [(one["before"][host] + one["after"][host]) / 2 / scale for host in CORES]
    return work.fluid_limit(one["sizes"], speeds), work.attainable_limit(one["sizes"], speeds), work.equal_share_makespan(one["sizes"], speeds)


def write(results, runs):
    rows, lines = [], []
    for key, one in runs.items():
        fluid, attainable, shared = limits(one)
        moves = [move for move in one["moves"] if move["committed"]]
        slowdown = statistics.mean(one["slowdowns"].values())
        overhead = one["cpuSeconds"] - sum(one["sizes"])
        rows.append((one["seed"], one["name"], f"{one['makespan']:.0f} s", f"{fluid:.0f} s", f"{one['makespan'] / fluid:.2f}", f"{slowdown:.1f}",
                     f"{one['makespan'] / attainable:.2f}", f"{one['makespan'] / shared:.2f}", len(moves) if moves else "-"))
        for (job, place), size in zip(one["jobs"].items(), one["sizes"]):
            lines.append((one["seed"], one["name"], job, f"{size:.2f}", f"{place['start']:.2f}", f"{place['end']:.2f}", len(place["spells"]) - 1, f"{one['slowdowns'][job]:.2f}"))
    print(report.table(("seed", "contender", "makespan", "fluid limit", "makespan / limit", "mean slowdown", "/ best possible", "/ equal shares", "moves"), rows))
    os.makedirs(results, exist_ok=True)
    report.write_csv(f"{results}/live-thirty.csv", ("seed", "contender", "job", "cpu_s", "start_s", "end_s", "moves", "slowdown"), lines)
    first = min(one["seed"] for one in runs.values())
    panels = [(one["name"], one["makespan"], [(job, place["spells"]) for job, place in one["jobs"].items()]) for one in runs.values() if one["seed"] == first]
    report.where_jobs_ran(f"{results}/live-thirty.svg", "Thirty jobs handed in on alpha: where each of them was", panels, list(CORES))


def main(isobar, folder, results, arguments):
    """[NAME,... [SEED,...]]; `report` writes the tables of what was measured."""
    if arguments[:1] == ["report"]:
        write(results, load(folder))
        return
    names = arguments[0].split(",") if arguments else NAMES
    seeds = [int(seed) for seed in arguments[1].split(",")] if len(arguments) > 1 else (1,)
    run(isobar, folder, results, names, seeds)
