"""Every shipped profile live for a minute on three hosts: what was seen on the wire and of the jobs, beside what its system is known for (known.py)."""

import datetime
import json
import os
import shutil
import time

import report
from hosts import Hosts
from known import KNOWN
from scene import Scene

CORES = {"alpha": 0.15, "beta": 0.15, "gamma": 0.15}
SECONDS = 60
SANDBOX = "bench-profiles"
BAD_WORDS = ("warn", "fail", "error", "exception", "crit")


def shipped(root):
    return sorted(name.removesuffix(".json") for name in os.listdir(f"{root}/src/Isobar.Balancing/Profiles/Shipped"))


def log_lines(hosts):
    return {host: hosts.ask(host, "cat", "/var/log/isobard.log").splitlines() for host in hosts.names}


def counts(hosts):
    return {host: hosts.json(host, "isobar", "nodes", "--age") for host in hosts.names}


def observe(hosts, root, program, per_core, profile):
    known = KNOWN[profile]
    scene = Scene(hosts, program, per_core, known.home, root)
    for host, site in known.sites.items():
        scene.isobar(host, "config", "set", "site", site, "--node", host)
    scene.use(profile, **known.shortened)
    # Until everybody has told of himself under the new profile, one step of the slowest at most.
    time.sleep(6)
    if known.prepare:
        known.prepare(scene)
    before, lines, clock = counts(hosts), log_lines(hosts), time.time()
    scene.begin()
    known.act(scene)
    scene.at(SECONDS)
    after, took = counts(hosts), scene.now
    jobs = scene.jobs()
    o = {"profile": profile, "home": known.home, "starts": {}, "moves": [], "failed": [], "whys": {}, "most": 0}
    for host, name in scene.names:
        ledger = scene.moves(name)
        if host == known.home:
            o["starts"][name] = ledger[0]["from"] if ledger else jobs[name]["node"]
        o["moves"] += [{"job": name, "from": move["from"], "to": move["to"], "why": move["why"], "second": datetime.datetime.fromisoformat(move["when"]).timestamp() - clock} for move in ledger if move["committed"]]
        o["failed"] += [f"{name}: {move['failure']}" for move in ledger if not move["committed"]]
        o["most"] = max(o["most"], sum(move["committed"] for move in ledger))
        o["whys"][name] = scene.why(name)
    sent = {host: after[host]["gossip"]["sent"] - before[host]["gossip"]["sent"] for host in hosts.names}
    o["sent"] = {host: count / took for host, count in sent.items()}
    o["size"] = {host: (after[host]["gossip"]["sentBytes"] - before[host]["gossip"]["sentBytes"]) / max(1, sent[host]) for host in hosts.names}
    o["rode"] = {host: after[host]["gossip"]["rodeSent"] - before[host]["gossip"]["rodeSent"] for host in hosts.names}
    o["dropped"] = sum(after[host]["gossip"][key] - before[host]["gossip"][key] for host in hosts.names for key in ("forged", "replayed", "strangers", "unknownKey", "malformed"))
    o["jobs"], o["ended"] = len(jobs), sum(job["state"] == "Done" and job.get("exitCode") == 0 for job in jobs.values())
    o["lost"] = [name for name, job in jobs.items() if job["state"] == "Lost"]
    o["checks"] = [list(check) for check in known.judge(scene, o)]
    scene.end()
    o["complaints"] = [f"{host}: {line}" for host, now in log_lines(hosts).items() for line in now[len(lines[host]):] if any(word in line.lower() for word in BAD_WORDS)]
    o["seen"] = scene.seen
    return o


def failures(o):
    """Moves that came to nothing; a job that has come to its end meanwhile is none."""
    return [failure for failure in o["failed"] if "ended while it was being moved" not in failure]


def clean(o):
    return not o["complaints"] and not failures(o) and not o["lost"] and o["dropped"] == 0


def changed(known):
    parts = [f"{key} {value}" for stage in known.shortened.values() for part in (stage if isinstance(stage, list) else [stage]) for key, value in part.items()]
    return f" ({', '.join(parts)})" if parts else ""


def write(results, runs):
    rows, lines = [], []
    for o in runs.values():
        known = KNOWN[o["profile"]]
        seen = all(ok for _, ok, _ in o["checks"])
        measured = "; ".join(f"{words}: {value}" + ("" if ok else " (**NO**)") for words, ok, value in o["checks"])
        errors = "none" if clean(o) else "; ".join((o["complaints"] + failures(o))[:2]) or "lost or dropped"
        rows.append((f"`{o['profile']}`{changed(known)}", known.words, "yes" if seen else "**NO**", measured, "/".join(f"{rate:.1f}" for rate in o["sent"].values()), len(o["moves"]), o["most"], f"{o['ended']} of {o['jobs']}", errors))
        lines.append((o["profile"], seen, clean(o), *(f"{rate:.3f}" for rate in o["sent"].values()), sum(start != o["home"] for start in o["starts"].values()), len(o["moves"]), o["most"], o["jobs"], o["ended"], measured))
    print(report.table(("profile", "known for", "seen", "measured", "datagrams/s", "moves", "most of one", "ended", "errors"), rows))
    report.write_csv(f"{results}/live-profiles.csv", ("profile", "as_known", "clean", "sent_alpha", "sent_beta", "sent_gamma", "started_elsewhere", "moves", "most_of_one", "jobs", "ended", "measured"), lines)


def main(isobar, folder, results, arguments):
    """[PROFILE,... [SANDBOX]]; `report` writes the tables of what was measured."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sandbox = arguments[1] if len(arguments) > 1 else SANDBOX
    path = f"{folder}/profiles-{sandbox}.json"
    if arguments[:1] != ["report"]:
        runs = json.load(open(path)) if os.path.exists(path) else {}
        # A copy of its own for the whole run: a program whose file is replaced while it runs is another experiment.
        program = f"{folder}/work-{sandbox}-{os.getpid()}"
        shutil.copy(f"{folder}/work", program)
        try:
            for profile in arguments[0].split(",") if arguments else shipped(root):
                # Fresh hosts for each: nothing of the profile before is known or planned.
                cores = dict.fromkeys(CORES, KNOWN[profile].cores) if KNOWN[profile].cores else CORES
                with Hosts(isobar, sandbox, cores, KNOWN[profile].memory) as hosts:
                    per_core = float(hosts.ask("alpha", program, "--for", 3).split()[0]) / 3 / cores["alpha"]
                    hosts.know_each_other()
                    runs[profile] = observe(hosts, root, program, per_core, profile)
                    with open(path, "w") as file:
                        json.dump(runs, file)
                for words, ok, value in runs[profile]["checks"]:
                    print(f"{profile:22} {'yes' if ok else 'NO ':3} {words}: {value}", flush=True)
                print(profile, runs[profile]["complaints"][:5], runs[profile]["failed"][:3], flush=True)
        finally:
            os.unlink(program)
    runs = {}
    for name in sorted(os.listdir(folder)):
        if name.startswith("profiles-") and name.endswith(".json"):
            runs.update(json.load(open(f"{folder}/{name}")))
    write(results, dict(sorted((name, o) for name, o in runs.items() if "checks" in o)))
