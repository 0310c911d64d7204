"""A day's random arrivals in ten minutes: how often jobs move, whether they bounce, and what balancing costs."""

import json
import math
import os
import random
import statistics
import time

import report
import thirty
from contenders import instant
from hosts import Hosts

SECONDS = 600
LOAD = 0.65
# CPU seconds, shortest and longest: 1.6 on average as a day's processes are, or 9.5, a sixth as many.
LENGTHS = {"short": (0.3, 60), "long": (3, 60)}
# Where jobs are handed in: people have their favourite machines.
HOMES = {"alpha": 0.5, "beta": 0.2, "gamma": 0.2, "delta": 0.1}
SANDBOX = "bench-stability"


def arrivals(capacity, seconds, seed, lengths):
    """(second, host, CPU seconds): Poisson arrivals, lifetimes with the tail 1/t of the measured ones (Harchol-Balter, Downey 1997), cut at both ends."""
    law = random.Random(seed)
    shortest, longest = lengths
    mean = shortest * longest / (longest - shortest) * math.log(longest / shortest)
    rate = LOAD * capacity / mean
    jobs, now = [], law.expovariate(rate)
    while now < seconds:
        u = law.random()
        length = 1 / (1 / shortest - u * (1 / shortest - 1 / longest))
        jobs.append((now, law.choices(list(HOMES), HOMES.values())[0], length))
        now += law.expovariate(rate)
    return jobs


def measure(isobar, folder, is_balancing, seed, lengths, seconds=SECONDS):
    program = f"{folder}/work"
    with Hosts(isobar, SANDBOX, thirty.CORES) as hosts:
        per_core = sum(thirty.capacity(hosts, program).values()) / hosts.capacity
        hosts.know_each_other()
        if not is_balancing:
            hosts.ask("alpha", "isobar", "config", "set", "profile", "local")
        time.sleep(3)
        jobs = arrivals(hosts.capacity, seconds, seed, LENGTHS[lengths])
        # What the daemons use with nothing to do, for twenty seconds.
        rest = -sum(hosts.cpu_seconds(host) for host in hosts.names)
        time.sleep(20)
        rest = (rest + sum(hosts.cpu_seconds(host) for host in hosts.names)) / 20
        before = sum(hosts.cpu_seconds(host) for host in hosts.names)
        daemons = hosts.process_seconds("isobard", "etcd")
        began = time.time() + 1
        hands = []
        for host in hosts.names:
            path = f"{folder}/arrivals-{host}"
            with open(path, "w") as file:
                for i, (at, home, length) in enumerate(jobs):
                    if home == host:
                        file.write(f"{began + at:.3f} isobar run --detach --name s{i:04} {program} s{i:04} {round(length * per_core)} 2\n")
            hands.append(hosts.start(host, "/usr/bin/python3", os.path.join(os.path.dirname(os.path.abspath(__file__)), "hand_in.py"), path))
        said = "".join(hand.communicate(timeout=seconds + 600)[0] for hand in hands)
        until = time.monotonic() + 600
        while True:
            listing = {job["name"]: job for job in hosts.json("alpha", "isobar", "ps", "-a")}
            if len(listing) >= len(jobs) and all(job["state"] in ("Done", "Lost") for job in listing.values()) or time.monotonic() > until:
                break
            time.sleep(3)
        took = time.time() - began
        used = sum(hosts.cpu_seconds(host) for host in hosts.names) - before
        daemons = {name: seconds - daemons[name] for name, seconds in hosts.process_seconds("isobard", "etcd").items()}
        ledgers = {}
        for job in listing.values():
            if job["moves"] or job["state"] != "Done":
                ledgers[job["name"]] = hosts.json(job["id"].rsplit("-", 1)[0], "isobar", "moves", job["id"])
        work = sum(length for _, _, length in jobs)
        slow = []
        for i, (at, _, length) in enumerate(jobs):
            job = listing.get(f"s{i:04}")
            if job and job.get("ended"):
                slow.append((instant(job["ended"]) - instant(job["started"])) / length)
        # What the kernel has counted for the jobs themselves, wherever they were.
        own = sum(job["cpuSeconds"] for job in listing.values())
        return {"balancing": is_balancing, "lengths": lengths, "jobs": len(jobs), "work": work, "used": used, "own": own, "daemons": daemons, "took": took, "rest": rest, "slowdown": statistics.mean(slow), "median": statistics.median(slow), "said": said,
                "good": sum(job["state"] == "Done" and job.get("exitCode") == 0 for job in listing.values()), "ledgers": ledgers,
                "bad": [job for job in listing.values() if job["state"] != "Done" or job.get("exitCode") != 0]}


def bounces(ledger):
    """Moves that bring a job back to where it had left from within ten seconds."""
    moved = [move for move in ledger if move["committed"]]
    return sum(1 for before, after in zip(moved, moved[1:]) if after["to"] == before["from"] and instant(after["when"]) - instant(before["when"]) < 10)


def beside_the_jobs(one):
    """CPU seconds of all hosts that are not the jobs' own."""
    return one["used"] - one["own"]


def above_rest(one):
    """The same without what daemons and store use with nothing to do: a run that takes longer has more of that."""
    return beside_the_jobs(one) - one["rest"] * one["took"]


def write(results, runs):
    rows, lines = [], []
    for one in runs:
        counts = [sum(move["committed"] for move in ledger) for ledger in one["ledgers"].values()]
        other = beside_the_jobs(one) - sum(one["daemons"].values())
        rows.append(("Isobar" if one["balancing"] else "without (profile local)", one["lengths"], one["jobs"], one["good"], f"{one['own']:.0f} s", f"{one['slowdown']:.1f}", f"{one['median']:.1f}", sum(counts),
                     max(counts, default=0), sum(bounces(ledger) for ledger in one["ledgers"].values()), sum(not move["committed"] for ledger in one["ledgers"].values() for move in ledger),
                     f"{one['daemons']['isobard']:.1f} s, {100 * one['daemons']['isobard'] / one['own']:.2f} %", f"{one['daemons']['etcd']:.1f} s, {100 * one['daemons']['etcd'] / one['own']:.2f} %",
                     f"{other:.1f} s, {100 * other / one['own']:.1f} %", f"{one['rest'] / 4 * 100:.2f} %", f"{one['took']:.0f} s"))
        for name, ledger in sorted(one["ledgers"].items()):
            for move in ledger:
                lines.append(("isobar" if one["balancing"] else "without", one["lengths"], name, move["when"], move["from"], move["to"], move["committed"], f"{move['freezeSeconds']:.3f}", move["why"]))
    print(report.table(("", "lengths", "jobs", "ended well", "CPU of the jobs", "mean slowdown", "median", "moves", "most of one job", "back within 10 s", "failed moves", "daemons", "store", "starts, supervisors and moves", "at rest, of a core and machine", "until the last ended"), rows))
    for lengths in LENGTHS:
        own, without = (next((one for one in runs if one["lengths"] == lengths and one["balancing"] == is_balancing), None) for is_balancing in (True, False))
        if own and without:
            more, above = (of(own) - of(without) for of in (beside_the_jobs, above_rest))
            print(f"Balancing itself, {lengths} jobs: {more:.1f} CPU s more than without, {100 * more / own['own']:.2f} % of the work; without what all use at rest {above:.1f} CPU s, {100 * above / own['own']:.2f} %.")
    report.write_csv(f"{results}/live-stability.csv", ("contender", "lengths", "job", "when", "from", "to", "committed", "frozen_s", "why"), lines)


def main(isobar, folder, results, arguments):
    """[isobar] [without] [long] [SECONDS]; `report` writes the tables of what was measured."""
    seconds = next((int(word) for word in arguments if word.isdigit()), SECONDS)
    lengths = "long" if "long" in arguments else "short"
    arguments = [word for word in arguments if not word.isdigit() and word not in LENGTHS]
    path = f"{folder}/stability.json"
    runs = {name: one for name, one in json.load(open(path)).items() if "lengths" in one} if os.path.exists(path) else {}
    for name in () if arguments[:1] == ["report"] else arguments or ("isobar", "without"):
        runs[f"{name}-{lengths}"] = one = measure(isobar, folder, name == "isobar", 1, lengths, seconds)
        with open(path, "w") as file:
            json.dump(runs, file)
        print(name, one["bad"][:5], one["said"][:300], flush=True)
    write(results, list(runs.values()))
