"""Every shipped profile live for a minute on three hosts: what was seen on the wire and of the jobs, beside what its system is known for."""

import json
import os
import time

import report
from hosts import Hosts

CORES = {"alpha": 0.15, "beta": 0.15, "gamma": 0.15}
HOME = "alpha"
SECONDS = 60
JOBS = 6
CPU_SECONDS = 3
SANDBOX = "bench-profiles"
# Long enough for starts in a row to see the news of each other.
BETWEEN = 1.5
BAD_WORDS = ("warn", "fail", "error", "exception", "crit")


def shipped(isobar_root):
    folder = f"{isobar_root}/src/Isobar.Balancing/Profiles/Shipped"
    return sorted(name.removesuffix(".json") for name in os.listdir(folder))


def seen(hosts):
    return {host: hosts.json(host, "isobar", "nodes", "--age") for host in hosts.names}


def log_lines(hosts):
    return {host: hosts.ask(host, "cat", "/var/log/isobard.log").splitlines() for host in hosts.names}


def observe(hosts, program, per_core, profile):
    hosts.ask(HOME, "isobar", "config", "set", "profile", profile)
    until = time.monotonic() + 15
    while any(known["profile"] != profile for known in seen(hosts).values()):
        if time.monotonic() > until:
            raise RuntimeError(f"profile {profile} does not get to all hosts")
        time.sleep(0.3)
    # What the profile before knew is still in the view; news of the new one's own dissemination come within its period.
    time.sleep(2)
    before, lines = seen(hosts), log_lines(hosts)
    began = time.monotonic()
    names = [f"{profile}-{i}" for i in range(JOBS)]
    for i, name in enumerate(names):
        time.sleep(max(0, began + i * BETWEEN - time.monotonic()))
        hosts.ask(HOME, "isobar", "run", "--detach", "--name", name, program, name, round(CPU_SECONDS * per_core), 2)
    starts = {}
    time.sleep(max(0, began + SECONDS - time.monotonic()))
    after, took = seen(hosts), time.monotonic() - began
    jobs = {job["name"]: job for job in hosts.json(HOME, "isobar", "ps", "-a") if job.get("name") in names}
    ledgers = {name: hosts.json(HOME, "isobar", "moves", jobs[name]["id"]) for name in names}
    for name in names:
        starts[name] = ledgers[name][0]["from"] if ledgers[name] else jobs[name]["node"]
        if jobs[name]["state"] not in ("Done", "Lost"):
            hosts.ask(HOME, "isobar", "kill", "-s", "KILL", jobs[name]["id"], check=False)
    complaints = [line for host, now in log_lines(hosts).items() for line in now[len(lines[host]):] if any(word in line.lower() for word in BAD_WORDS)]
    sent = {host: (after[host]["gossip"]["sent"] - before[host]["gossip"]["sent"]) / took for host in hosts.names}
    size = {host: (after[host]["gossip"]["sentBytes"] - before[host]["gossip"]["sentBytes"]) / max(1, after[host]["gossip"]["sent"] - before[host]["gossip"]["sent"]) for host in hosts.names}
    dropped = sum(after[host]["gossip"][key] - before[host]["gossip"][key] for host in hosts.names for key in ("forged", "replayed", "strangers", "unknownKey", "malformed"))
    ages = [node["ageSeconds"] for host in hosts.names for node in after[host]["nodes"] if not node["self"] and node["ageSeconds"] is not None]
    moves = [move for ledger in ledgers.values() for move in ledger if move["committed"]]
    return {
        "profile": profile, "sent": sent, "size": size, "dropped": dropped, "age": sum(ages) / len(ages) if ages else None, "dissemination": after[HOME]["dissemination"],
        "starts": [starts[name] for name in names], "ended": sum(job["state"] == "Done" and job.get("exitCode") == 0 for job in jobs.values()), "moves": len(moves),
        "failed": [move["failure"] for ledger in ledgers.values() for move in ledger if not move["committed"]], "most": max(len([m for m in ledger if m["committed"]]) for ledger in ledgers.values()),
        "rules": sorted({move["why"].split(":")[0] for move in moves}), "complaints": complaints, "lost": [name for name in names if jobs[name]["state"] == "Lost"],
    }


# What each system is known for, as a check of what was seen: (words, judge). Nothing in a judge depends on how fast this machine is.
def near(value, wanted, tolerance=0.25):
    return abs(value - wanted) <= tolerance * wanted


EACH = {
    "openmosix": ("two datagrams a second from each node, a vector of at most eight; moves by threshold", lambda o: all(near(rate, 2) for rate in o["sent"].values()) and o["moves"] > 0),
    "isobar": ("gossip each 500 ms and one more when a core gets free; moves by age", lambda o: all(1.7 < rate < 4 for rate in o["sent"].values()) and o["rules"] == ["lifetime"]),
    "mosix2-gossip": ("gossip each 500 ms", lambda o: all(near(rate, 2) for rate in o["sent"].values()) and o["moves"] + remote(o) > 0),
    "mosix-oppcost": ("gossip each 500 ms; starts and moves where one more costs least", lambda o: all(near(rate, 2) for rate in o["sent"].values()) and o["moves"] + remote(o) > 0),
    "kerrighed": ("asks all others each second, starts round robin", lambda o: all(near(rate, 4) for rate in o["sent"].values()) and len(set(o["starts"])) == 3),
    "kerrighed-rbt": ("asks all others each second, moves towards one level", lambda o: all(near(rate, 4) for rate in o["sent"].values()) and o["moves"] > 0),
    "openssi": ("one master hears all and tells all", lambda o: o["moves"] > 0 and max(o["sent"].values()) > 1.5 * min(o["sent"].values())),
    "sprite": ("a manager hears of changes at once, and else each minute; idle hosts take new jobs", lambda o: remote(o) > 0 and quiet(o, 0.5)),
    "condor": ("a manager is told each two minutes; jobs start on idle machines", lambda o: quiet(o, 0.5)),
    "glunix": ("a manager is told each 20 s; jobs start on the least loaded node, never moved", lambda o: o["moves"] == 0 and quiet(o, 0.5)),
    "amoeba-pool": ("a run server is told each second; jobs start where most power per process is, never moved", lambda o: o["moves"] == 0 and remote(o) > 0),
    "concert": ("places by learnt signatures, never moves", lambda o: o["moves"] == 0),
    "nomad": ("no datagram of its own: load rides on other traffic", lambda o: all(rate == 0 for rate in o["sent"].values())),
    "piggyback": ("load rides on other traffic, datagrams only in silence: at most one a second and other node", lambda o: all(rate <= 2.2 for rate in o["sent"].values()) and o["moves"] > 0),
    "hurricane": ("all inside of a group tell its head each second, which tells them all; moves by threshold", lambda o: o["moves"] > 0 and all(0.7 < rate < 2.5 for rate in o["sent"].values())),
    "federation": ("own site first; free cores of others", lambda o: True),
    "guide": ("work goes to its data: without files away from home nothing moves", lambda o: o["moves"] == 0),
    "gms": ("pages move instead of processes", lambda o: o["moves"] == 0),
    "rms": ("pages move instead of processes", lambda o: o["moves"] == 0),
    "e-pvm": ("starts where one more costs least, never moves", lambda o: o["moves"] == 0 and remote(o) > 0),
    "harchol-balter-downey": ("moves only when a job arrives", lambda o: o["rules"] in ([], ["lifetime"])),
    "best-of-two": ("starts on the better of two random nodes, never moves", lambda o: o["moves"] == 0),
    "random": ("starts on random nodes, tells nothing, never moves", lambda o: o["moves"] == 0 and len(set(o["starts"])) > 1 and silent(o)),
    "round-robin": ("starts round the ring, tells nothing, never moves", lambda o: o["moves"] == 0 and all(o["starts"].count(host) == JOBS // 3 for host in CORES) and silent(o)),
    "local": ("all stay where they are started, tells nothing", lambda o: o["moves"] == 0 and remote(o) == 0 and silent(o)),
}


def remote(o):
    return sum(start != HOME for start in o["starts"])


def silent(o):
    return all(rate == 0 for rate in o["sent"].values())


def quiet(o, most):
    return all(rate <= most for rate in o["sent"].values())


def write(results, runs):
    rows, lines = [], []
    for o in runs.values():
        words, judge = EACH[o["profile"]]
        clean = not o["complaints"] and not o["failed"] and not o["lost"] and o["dropped"] == 0
        rates = "/".join(f"{rate:.1f}" for rate in o["sent"].values())
        rows.append((o["profile"], words, "yes" if judge(o) else "NO", rates, f"{max(o['size'].values()):.0f}", f"{o['age']:.1f} s" if o["age"] is not None else "-", f"{remote(o)} of {JOBS}", o["moves"], o["most"],
                     o["ended"], "none" if clean else "; ".join((o["complaints"] + o["failed"])[:2]) or "lost or dropped"))
        lines.append((o["profile"], judge(o), clean, *(f"{rate:.3f}" for rate in o["sent"].values()), o["age"], remote(o), o["moves"], o["most"], o["ended"]))
    print(report.table(("profile", "known for", "seen", "datagrams/s of each host", "bytes each", "age of news", "started elsewhere", "moves", "most of one", "ended in the minute", "errors"), rows))
    report.write_csv(f"{results}/live-profiles.csv", ("profile", "as_known", "clean", "sent_alpha", "sent_beta", "sent_gamma", "age_s", "started_elsewhere", "moves", "most_of_one", "ended"), lines)


def main(isobar, folder, results, arguments):
    """[PROFILE,... [SANDBOX]]; `report` writes the tables of what was measured."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sandbox = arguments[1] if len(arguments) > 1 else SANDBOX
    path = f"{folder}/profiles-{sandbox}.json"
    if arguments[:1] != ["report"]:
        runs = json.load(open(path)) if os.path.exists(path) else {}
        program = f"{folder}/work"
        for profile in arguments[0].split(",") if arguments else shipped(root):
            # Fresh hosts for each: nothing of the profile before is known or planned.
            with Hosts(isobar, sandbox, CORES) as hosts:
                per_core = float(hosts.ask(HOME, program, "--for", 3).split()[0]) / 3 / CORES[HOME]
                hosts.know_each_other()
                runs[profile] = observe(hosts, program, per_core, profile)
            with open(path, "w") as file:
                json.dump(runs, file)
            print(profile, runs[profile]["complaints"][:3], runs[profile]["failed"][:2], flush=True)
    runs = {}
    for name in sorted(os.listdir(folder)):
        if name.startswith("profiles-") and name.endswith(".json"):
            runs.update(json.load(open(f"{folder}/{name}")))
    write(results, dict(sorted(runs.items())))
