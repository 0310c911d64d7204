"""The same jobs while a machine slows to a quarter in the middle, and the owner's own slowdown.

Two ways: `slow` cuts the quota of the largest machine to a quarter for good; `owner` starts an owner's own work there, which wants all of the machine.
"""

import json
import os
import statistics
import threading
import time

import contenders
import report
import thirty
import work
from hosts import Hosts

SLOWED = "beta"
AFTER = 40
OWNER_TASKS = 3
OWNER_SECONDS = 45
WAYS = {"slow": "quota cut", "owner": "owner works"}
# The draws that the picture shows; the tables have all of them.
DRAWN = 2
SANDBOX = "bench-owner"


def owners_work(hosts, program, per_core, times):
    """The owner's tasks, started now; seconds until the last of them is done."""
    rounds = round(hosts.cores[SLOWED] * OWNER_SECONDS * times / OWNER_TASKS * per_core)
    began = time.monotonic()
    tasks = [hosts.start(SLOWED, program, f"owner{i}", rounds) for i in range(OWNER_TASKS)]
    for task in tasks:
        task.wait(900)
    return time.monotonic() - began


def measure(isobar, folder, way, name, seed, times):
    program = f"{folder}/work"
    with Hosts(isobar, SANDBOX, thirty.CORES, is_bare=name not in thirty.OURS) as hosts:
        before = thirty.capacity(hosts, program)
        per_core = thirty.same_for_all(folder, sum(before.values()) / hosts.capacity)
        alone = owners_work(hosts, program, per_core, times) if way == "owner" else None
        sizes = work.lengths(thirty.JOBS, times * thirty.LIMIT_SECONDS * hosts.capacity, seed)
        jobs = [(f"j{i:02}", round(size * per_core), thirty.MEGABYTES) for i, size in enumerate(sizes)]
        beside, done = [], threading.Event()

        def meanwhile(hosts, began):
            time.sleep(max(0, began + AFTER * times - time.time()))
            if way == "slow":
                hosts.resize(SLOWED, hosts.cores[SLOWED] / 4)
            else:
                beside.append(owners_work(hosts, program, per_core, times))
            done.set()

        contender = thirty.contender(name, folder)
        contender.meanwhile = meanwhile
        outcome = contender.run(hosts, program, jobs, thirty.HOME)
        done.wait(300)
        return {
            "way": way, "name": outcome.name, "seed": seed, "times": times, "perCore": per_core, "before": before, "sizes": sizes, "makespan": outcome.makespan,
            "meanSlowdown": statistics.mean((end - outcome.began) / size for (_, (_, _, end)), size in zip(sorted(outcome.jobs.items()), sizes)),
            "ownerAlone": alone, "ownerBeside": beside[0] if beside else None,
            "jobs": {job: {"spells": spells} for job, (_, spells, _) in sorted(outcome.jobs.items())},
            "moves": [{"job": job, **move} for job, move in outcome.moves], "notes": outcome.notes,
        }


def limit(one):
    """Total work over total capacity, when the machine is a quarter from the moment on; with an owner he takes what his tasks need, no more."""
    speed = {host: one["before"][host] / one["perCore"] for host in one["before"]}
    full, total = sum(speed.values()), sum(one["sizes"])
    if one["way"] == "owner":
        return (total + speed[SLOWED] * OWNER_SECONDS * one["times"]) / full
    after = AFTER * one["times"]
    return after + (total - after * full) / (full - speed[SLOWED] * 0.75)


def write(results, runs):
    rows, lines = [], []
    runs = sorted(runs.values(), key=lambda one: (one["way"] == "owner", one["times"], one["seed"], one["name"]))
    for one in runs:
        best = limit(one)
        owner = f"{one['ownerBeside'] / one['ownerAlone']:.2f}" if one["ownerBeside"] else "-"
        moves = len([move for move in one["moves"] if move["committed"]])
        rows.append((WAYS[one["way"]], f"x{one['times']:g}", one["seed"], one["name"], f"{one['makespan']:.0f} s", f"{best:.0f} s", f"{one['makespan'] / best:.2f}",
                     f"{one['meanSlowdown']:.1f}", owner, moves or "-"))
        lines.append((one["way"], one["times"], one["name"], one["seed"], f"{one['makespan']:.2f}", f"{best:.2f}", f"{one['meanSlowdown']:.3f}", one["ownerAlone"], one["ownerBeside"], moves))
    print(report.table(("what happens", "lengths", "draw", "contender", "makespan", "fluid limit", "makespan / limit", "mean slowdown", "owner's slowdown", "moves"), rows))
    print(report.table(("what happens", "lengths", "mean of", "contender", "makespan", "makespan / limit", "mean slowdown"), list(means(runs))))
    report.write_csv(f"{results}/live-owner.csv", ("way", "times", "contender", "seed", "makespan_s", "limit_s", "mean_slowdown", "owner_alone_s", "owner_beside_s", "moves"), lines)
    panels = [(f"{one['name']} ({one['way']}, {one['seed']})", one["makespan"], [(job, place["spells"]) for job, place in one["jobs"].items()]) for one in runs if one["seed"] <= DRAWN and one["times"] == min(other["times"] for other in runs)]
    if panels:
        report.where_jobs_ran(f"{results}/live-owner.svg", f"{SLOWED} slows to a quarter after {AFTER} s: where each job was", panels, list(thirty.CORES))


def means(runs):
    """A row for each contender over the draws that all contenders of that way and those lengths had."""
    for way, times in sorted({(one["way"], one["times"]) for one in runs}):
        these = [one for one in runs if one["way"] == way and one["times"] == times]
        names = sorted({one["name"] for one in these})
        draws = set.intersection(*({one["seed"] for one in these if one["name"] == name} for name in names))
        for name in names if draws else ():
            group = [one for one in these if one["name"] == name and one["seed"] in draws]
            yield (WAYS[way], f"x{times:g}", f"{len(draws)} draws", name, f"{statistics.mean(one['makespan'] for one in group):.1f} s",
                   f"{statistics.mean(one['makespan'] / limit(one) for one in group):.3f}", f"{statistics.mean(one['meanSlowdown'] for one in group):.1f}")


def ideal(results, seeds=30):
    """What disciplines make of other draws of the lengths, if nothing cost anything: which of them is ahead is chance in a single one."""
    speeds = list(thirty.CORES.values())
    slower = [cores / 4 if host == SLOWED else cores for host, cores in thirty.CORES.items()]
    total = thirty.LIMIT_SECONDS * sum(speeds)
    best = AFTER + (total - AFTER * sum(speeds)) / sum(slower)
    lines = []
    for seed in range(1, seeds + 1):
        sizes = work.lengths(thirty.JOBS, total, seed)
        lines.append((seed, *(makespan(sizes, speeds, AFTER, slower) / best for makespan in (work.one_at_a_time_makespan, work.equal_shares_makespan, work.oldest_first_makespan))))
    one, equal, oldest = ([line[i] for line in lines] for i in (1, 2, 3))
    print(report.table(("to the fluid limit, without any cost", "mean", "median", "worst", "seed 1"), [
        (name, *(f"{value:.2f}" for value in (statistics.mean(ratios), statistics.median(ratios), max(ratios), ratios[0])))
        for name, ratios in (("one job at a time on each machine, in order", one), ("equal shares for all jobs present", equal), ("the oldest first, on the fastest machine", oldest))]))
    print(f"equal shares are ahead in {sum(b < a for a, b in zip(one, equal))} of {seeds}")
    report.write_csv(f"{results}/live-owner-ideal.csv", ("seed", "one_at_a_time", "equal_shares", "oldest_first"), [(line[0], *(f"{ratio:.4f}" for ratio in line[1:])) for line in lines])


def main(isobar, folder, results, arguments):
    """[WAY,... [NAME,... [SEED [TIMES]]]], jobs TIMES as long; `report` writes the tables of what was measured, `ideal` [DRAWS] what disciplines make of other lengths."""
    if arguments[:1] == ["ideal"]:
        ideal(results, *(int(word) for word in arguments[1:2]))
        return
    path = f"{folder}/owner.json"
    runs = json.load(open(path)) if os.path.exists(path) else {}
    if arguments[:1] != ["report"]:
        ways = arguments[0].split(",") if arguments else ("slow", "owner")
        names = arguments[1].split(",") if len(arguments) > 1 else ("isobar", "parallel1", "slurm")
        seed = int(arguments[2]) if len(arguments) > 2 else 1
        times = float(arguments[3]) if len(arguments) > 3 else 1
        for way in ways:
            for name in names:
                one = measure(isobar, folder, way, name, seed, times)
                runs[f"{way}-{name}-{seed}-{times:g}"] = one
                with open(path, "w") as file:
                    json.dump(runs, file)
                print(f"{way}, {one['name']}: {one['makespan']:.0f} s; {one['notes']}", flush=True)
    write(results, runs)
