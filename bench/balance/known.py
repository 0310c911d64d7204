"""What each system is known for: what is done on the hosts in its minute, and by which checks one sees that it does it.

A check is (words, whether it was so, what was measured). Nothing in one depends on how fast this machine is, but on the order of things.
"""

import time

OTHERS = 2


class Known:
    """words: what the system is known for; home: where the user sits; shortened: parameters that differ from the shipped profile, told in the table."""

    def __init__(self, words, act=None, judge=None, prepare=None, home="alpha", shortened=None, sites=None, memory=0, cores=None):
        self.words, self.act, self.judge, self.prepare = words, act or (lambda scene: scene.crowd()), judge or (lambda scene, o: []), prepare
        self.home, self.shortened, self.sites, self.memory, self.cores = home, shortened or {}, sites or {}, memory, cores


def told(o, low, high, words="datagrams/s of each host"):
    return words, all(low <= rate <= high for rate in o["sent"].values()), "/".join(f"{rate:.1f}" for rate in o["sent"].values())


def placed(o, least=1):
    return "starts elsewhere", remote(o) >= least, f"{remote(o)} of {len(o['starts'])}"


def remote(o):
    return sum(start != o["home"] for start in o["starts"].values())


def moved_by(o, rule):
    count = sum(move["why"].startswith(f"{rule}:") for move in o["moves"])
    return f"moves by its rule {rule}", count > 0, str(count)


def in_turn(scene):
    waited = sum(seen["background"] for seen in scene.seen.values())
    return "wait for their turn at some time", 0 < waited < len(scene.seen), f"{waited} of {len(scene.seen)}"


def still(scene):
    return [name for name in scene.seen if scene.stood_still(name)]


def never_moves(o):
    return "never moves", not o["moves"], f"{len(o['moves'])} moves"


def managed(o):
    count = sum("says its manager" in why for why in o["whys"].values())
    return "the manager said where", count >= remote(o) > 0, f"{count} of {len(o['whys'])}"


# One at a time, so that a check tells what a whole crowd would hide.

def vector_of_one(scene):
    """On three hosts a vector holds two others at most, so its limit shows with one place."""
    scene.crowd()
    scene.at(45)
    scene.use("openmosix", dissemination={"vector": 1})
    scene.at(52)
    scene.notes["known"] = [sum(node["ageSeconds"] is not None and not node["self"] for node in scene.nodes(host)["nodes"]) for host in scene.hosts.names]


def freezing(scene):
    scene.crowd()
    scene.at(14)
    # More important work of gamma's own user: guests there must go.
    scene.run("owners", 3, "--home", "--priority", "high", host="gamma")
    scene.at(22)
    scene.sleepers("many", 8)
    scene.notes["frozen"] = scene.until(lambda: any(scene.stood_still(f"many-{i}", "frozen") for i in range(8)), 44)
    running = [i for i in range(8) if not scene.stood_still(f"many-{i}", "frozen")]
    for i in running[:6]:
        scene.isobar(scene.home, "kill", "-s", "KILL", f"many-{i}")
    scene.notes["thawed"] = scene.until(lambda: any((scene.stood_still(f"many-{i}", "frozen") or (0, None))[1] for i in range(8)), 57)


def users_weigh(scene):
    scene.types("gamma", 5)
    scene.crowd(every=1)
    scene.at(22)
    scene.notes["levels"] = {host: sum(scene.where(f"job-{i}") == host and scene.jobs()[f"job-{i}"]["state"] == "Running" for i in range(6)) for host in scene.hosts.names}


def sprite_prepares(scene):
    """Input at alpha, then more than 30 s of quiet: it takes guests again, but gamma is idle for longer."""
    # The daemon looks each 5 s, and a terminal that is closed tells nothing any more.
    terminal = scene.types("alpha", 6)
    time.sleep(8)
    terminal.stdin.close()
    time.sleep(42)


def sprite_evicts(scene):
    for i, second in enumerate((0, 3, 6)):
        scene.at(second)
        scene.run(f"job-{i}", 6)
    scene.at(14)
    scene.notes["host"] = host = scene.started("job-0")
    scene.notes["typed"] = scene.now
    scene.types(host, 20)
    scene.notes["home"] = scene.until(lambda: scene.where("job-0") == scene.home, 45)


def sprite_seen(scene, o):
    spells = scene.seen["job-0"]["spells"]
    back = next((second for second, host in spells if host == scene.home), None)
    return [
        ("the longest idle host first", o["starts"]["job-0"] == "gamma" and o["starts"]["job-1"] == "alpha", f"{o['starts']['job-0']}, then {o['starts']['job-1']}"),
        ("none left: at home", o["starts"]["job-2"] == scene.home, o["starts"]["job-2"]),
        managed(o),
        moved_by(o, "sprite"),
        ("input evicts the guest to its home", scene.notes["home"], f"{back - scene.notes['typed']:.0f} s after the first key" if back else "not within the minute"),
        ("the other guest stays", len(scene.seen["job-1"]["spells"]) == 1, " ".join(host for _, host in scene.seen["job-1"]["spells"])),
        told(o, 0, 0.5),
    ]


def condor_vacates(scene):
    # Its user sits at his machine, which so is none for guests.
    scene.types(scene.home, 58)
    scene.at(8)
    scene.run("job-0", 9)
    scene.at(16)
    scene.notes["host"] = host = scene.started("job-0")
    scene.notes["typed"] = scene.now
    scene.types(host, 38)
    scene.until(lambda: scene.where("job-0") != host, 54)
    scene.notes["went"] = scene.now


def condor_seen(scene, o):
    host, spells = scene.notes["host"], scene.seen["job-0"]["spells"]
    still = scene.stood_still("job-0")
    left = next((second for second, place in spells if place not in (host,) and second > scene.notes["typed"]), None)
    return [
        ("starts on an idle machine", host not in (None, scene.home), str(host)),
        managed(o),
        ("the owner's input suspends", still is not None and still[0] > scene.notes["typed"], f"{still[0] - scene.notes['typed']:.0f} s after the first key" if still else "never"),
        ("suspended for 10 s it is vacated", still is not None and left is not None and left - still[0] >= 8, f"{left - still[0]:.0f} s later" if left and still else "never"),
        ("to another idle machine", spells[-1][1] not in (host, scene.home), spells[-1][1]),
        moved_by(o, "condor"),
        told(o, 0, 0.5),
    ]


def concert_learns(scene):
    scene.hosts.ask(scene.home, "isobar", "run", "--name", "first", scene.program, "first", round(0.5 * scene.per_core), 2)


def two_levels(scene, o):
    rates = o["sent"]
    outside = rates["gamma"] <= 0.5 and all(0.7 <= rates[host] <= 1.7 for host in ("alpha", "beta"))
    return [("each second inside of a group, each 5 s between groups", outside, "/".join(f"{rate:.1f}" for rate in rates.values())), moved_by(o, "threshold")]


def sites_help(scene):
    for i in range(3):
        scene.at(7 * i)
        scene.run(f"job-{i}", 8)
    scene.at(22)
    scene.notes["guest"] = guest = next((f"job-{i}" for i in range(3) if scene.where(f"job-{i}") != scene.home), None)
    if guest is None:
        return
    scene.notes["there"] = there = scene.where(guest)
    # The other machine of that site is busy with its own work too: the guest can go nowhere but home, which is busy.
    for name, host in (("own-1", "beta"), ("own-2", "gamma")):
        scene.run(name, 1.5, "--home", host=host)
    scene.until(lambda: scene.where(guest) != there or scene.stood_still(guest), 50)


def sites_seen(scene, o):
    guest = scene.notes["guest"]
    still = scene.stood_still(guest, "frozen") if guest else None
    went = guest is not None and len(scene.seen[guest]["spells"]) > 1
    return [
        ("the own site first", o["starts"]["job-0"] == scene.home, o["starts"]["job-0"]),
        ("then free cores of the other site", guest is not None and remote(o) > 0, f"{remote(o)} of {len(o['starts'])}"),
        ("its owners' work sends the guest away or freezes it", went or still is not None, f"frozen at {still[0]} s, went on at {still[1]} s" if still else "moved" if went else "neither"),
    ]


def to_the_data(scene):
    scene.run("cpu", 12)
    scene.command("files", "sh", "-c", "while :; do dd if=/srv/data of=/srv/copy bs=64k conv=notrunc 2>/dev/null; done")
    scene.at(4)
    # Away from home by an administrator, not by their user: where he wants them, they would stay.
    scene.isobar(scene.home, "node", "drain", scene.home)
    scene.until(lambda: all(scene.where(name) != scene.home for name in ("cpu", "files")), 25)
    scene.isobar(scene.home, "node", "undrain", scene.home)
    scene.notes["away"] = [scene.where(name) for name in ("cpu", "files")]
    scene.until(lambda: scene.where("files") == scene.home, 55)


def to_the_data_seen(scene, o):
    return [
        ("starts at its files", all(start == scene.home for start in o["starts"].values()), " ".join(o["starts"].values())),
        ("away, the one with files comes back", scene.home not in scene.notes["away"] and scene.where("files") == scene.home, f"from {scene.notes['away'][1]} to {scene.where('files')}"),
        ("and the one without stays", scene.where("cpu") == scene.notes["away"][0], scene.where("cpu")),
        moved_by(o, "data-affinity"),
    ]


def fills_memory(scene):
    """One job that needs more memory than its machine has, which checks every page of it in the end."""
    scene.command("large", scene.program, "--grow", "large", 600, 40, options=("--home",))
    most = scene.notes["out"] = {}

    def ended():
        job = scene.job("large")
        for node, size in ((job.get("elsewhere") or {}).get("places") or {}).items():
            most[node] = max(most.get(node, 0), size >> 20)
        scene.notes["pages"] = job.get("elsewhere") or scene.notes.get("pages")
        return job["state"] in ("Done", "Lost")

    scene.notes["ended"] = scene.until(ended, 110)


def pages_only_servers(scene):
    for host in ("alpha", "beta"):
        scene.isobar(scene.home, "owner", "set", "--hours", "sun 3:00-3:01", "--node", host)


def pages_seen(servers):
    def judge(scene, o):
        most, pages, job = scene.notes["out"], scene.notes["pages"] or {}, scene.job("large")
        kills = sum(scene.hosts.memory_events(host)[0] for host in scene.hosts.names)
        there = ", ".join(f"{node or 'disk only'} {size} MiB" for node, size in sorted(most.items()))
        return [
            never_moves(o),
            ("its pages go where they should", any(most.get(node, 0) > 100 for node in servers) and set(most) <= servers | {""}, there or "nowhere"),
            ("and come back when touched", pages.get("back", 0) > 25_000, f"{pages.get('back', 0)} pages ({pages.get('fromDisk', 0)} from the disk), {pages.get('faults', 0)} waits of {pages.get('faultMilliseconds', 0):.2f} ms"),
            ("a job of 600 MB on a machine of 512 MiB ends, its memory as it wrote it", job["state"] == "Done" and job.get("exitCode") == 0 and kills == 0, f"exit {job.get('exitCode')}, {kills} killed for memory"),
        ]
    return judge


def on_arrivals_only(scene, o):
    # The last job is started after 7.5 s; each move is an arrival at its target, which may cause one more.
    starts = [1.5 * i for i in range(6)]
    moves = sorted(move["second"] for move in o["moves"])
    caused = all(any(-0.5 <= second - arrival <= 5 for arrival in starts + moves[:i]) for i, second in enumerate(moves))
    return [moved_by(o, "lifetime"), ("each move within 5 s of an arrival", caused, " ".join(f"{second:.0f}" for second in moves))]


KNOWN = {
    "amoeba-pool": Known("a run server places where most power per process is; never moves", home="beta", judge=lambda s, o: [managed(o), placed(o, 3), never_moves(o), told(o, 0.7, 2.5)]),
    "best-of-two": Known("starts on the better of two random nodes, never moves", judge=lambda s, o: [placed(o), never_moves(o), told(o, 1.5, 2.5)]),
    "concert": Known("learns what a program needs at its end, places the next by that, never moves", prepare=concert_learns,
                     judge=lambda s, o: [("by the runs known", sum("known runs" in why for why in o["whys"].values()) == len(o["whys"]), f"{sum('known runs' in why for why in o['whys'].values())} of {len(o['whys'])}"), placed(o, 2), never_moves(o)]),
    "condor": Known("guests on machines idle for 15 min; the owner's return suspends, then vacates", home="beta", act=condor_vacates, judge=condor_seen,
                    shortened={"dissemination": {"tickSeconds": 5}, "consideration": {"periodSeconds": 5}, "rules": [{"maxSuspendSeconds": 10}]}),
    "e-pvm": Known("starts where one more costs least, never moves", judge=lambda s, o: [placed(o, 2), never_moves(o), told(o, 1.5, 2.5)]),
    "federation": Known("own site first, then free cores of others; owners push guests out", act=sites_help, judge=sites_seen, sites={"alpha": "east", "beta": "west", "gamma": "west"}),
    "glunix": Known("a master is told each 20 s; starts on the least loaded node, never moves", home="beta", judge=lambda s, o: [managed(o), placed(o, 2), never_moves(o), told(o, 0, 0.5)]),
    "gms": Known("pages move to idle memory instead of processes", act=fills_memory, judge=pages_seen({"beta", "gamma"}), shortened={"rules": [{"freeShare": 0.2}]}, memory=512 << 20, cores=0.5),
    "guide": Known("work goes to its data", act=to_the_data, judge=to_the_data_seen, shortened={"rules": [{"megabytesPerSecond": 1}]},
                   prepare=lambda s: s.hosts.ask(s.home, "sh", "-c", "mkdir -p /srv && head -c 4000000 /dev/urandom > /srv/data && cp /srv/data /srv/copy")),
    "harchol-balter-downey": Known("moves by age, only when a job arrives", judge=on_arrivals_only),
    "hurricane": Known("full knowledge inside a group each second, one aggregate per other group", judge=two_levels, sites={"alpha": "east", "beta": "east", "gamma": "west"}),
    "isobar": Known("gossip each 500 ms and once more when a core gets free; moves by age", judge=lambda s, o: [told(o, 1.7, 4), moved_by(o, "lifetime")]),
    "isobar-batch": Known("as isobar; long jobs run in turn, the others in the background", act=lambda s: s.crowd(9, every=1),
                          judge=lambda s, o: [told(o, 1.7, 4), moved_by(o, "lifetime"), in_turn(s), ("nobody stands still", not still(s), ", ".join(still(s)) or "none")]),
    "kerrighed": Known("asks all others each second, starts round robin, one move in 2 s above 1.5 processes", act=lambda s: s.crowd(9, cpu_seconds=[0.7, 4, 4] * 3, every=1),
                       judge=lambda s, o: [told(o, 3, 5), ("starts on all three", len(set(o["starts"].values())) == 3, " ".join(o["starts"].values())), moved_by(o, "kerrighed"),
                                           ("2 s between two moves of a node", spacing(o) is None or spacing(o) >= 1.9, "no node made two" if spacing(o) is None else f"{spacing(o):.1f} s at least")]),
    "kerrighed-rbt": Known("moves towards one level, machines with users count double", act=users_weigh,
                           judge=lambda s, o: [told(o, 3, 5), moved_by(o, "rbt"), ("fewer where a user is (gamma)", s.notes["levels"]["gamma"] < max(s.notes["levels"].values()), "/".join(str(n) for n in s.notes["levels"].values()))]),
    "local": Known("all stay where they are started, tells nothing", judge=lambda s, o: [("at home", remote(o) == 0, f"{remote(o)} elsewhere"), never_moves(o), told(o, 0, 0)]),
    "mosix-oppcost": Known("gossip each 500 ms; starts and moves where one more costs least", judge=lambda s, o: [told(o, 1.5, 2.5), placed(o), moved_by(o, "opportunity-cost")]),
    "mosix2-gossip": Known("gossip each 500 ms; important work pushes guests out; freezes above six, thaws below four", act=freezing,
                           judge=lambda s, o: [told(o, 1.5, 2.5), moved_by(o, "reclaim"), ("eight more: some are frozen", s.notes["frozen"], str(sum(bool(s.stood_still(f"many-{i}", "frozen")) for i in range(8)))),
                                               ("thawed when six have ended", s.notes["thawed"], "yes" if s.notes["thawed"] else "no")]),
    "nomad": Known("no datagram of its own: load rides on other traffic", judge=lambda s, o: [told(o, 0, 0), ("entries rode", min(o["rode"].values()) > 0, "/".join(map(str, o["rode"].values()))), moved_by(o, "threshold")]),
    "openmosix": Known("two datagrams a second from each node, a vector of at most eight; moves by threshold", act=vector_of_one,
                       judge=lambda s, o: [told(o, 1.5, 2.5), moved_by(o, "threshold"), ("a vector of one holds one", s.notes["known"] == [1, 1, 1], " ".join(map(str, s.notes["known"])))]),
    "openssi": Known("one master hears all and tells all; each node decides", judge=lambda s, o: [("the master tells twice as much", max(o["sent"].values()) > 1.5 * min(o["sent"].values()), told(o, 0, 9)[2]), moved_by(o, "threshold")]),
    "piggyback": Known("load rides; datagrams only in silence, at most one a second and other node", judge=lambda s, o: [told(o, 0, OTHERS * 1.1), ("entries rode", min(o["rode"].values()) > 0, "/".join(map(str, o["rode"].values()))), moved_by(o, "threshold")]),
    "random": Known("starts on random nodes, tells nothing, never moves", judge=lambda s, o: [("on more than one", len(set(o["starts"].values())) > 1, " ".join(o["starts"].values())), never_moves(o), told(o, 0, 0)]),
    "rms": Known("pages move to dedicated memory servers instead of processes", prepare=pages_only_servers, act=fills_memory, judge=pages_seen({"gamma"}), shortened={"rules": [{"freeShare": 0.2}]}, memory=512 << 20, cores=0.5),
    "round-robin": Known("starts round the ring, tells nothing, never moves",
                         judge=lambda s, o: [("in turns", list(o["starts"].values())[:3] == list(o["starts"].values())[3:6] and len(set(o["starts"].values())) == 3, " ".join(o["starts"].values())), never_moves(o), told(o, 0, 0)]),
    "sprite": Known("the longest idle host takes the guest; input sends it home", home="beta", prepare=sprite_prepares, act=sprite_evicts, judge=sprite_seen),
}


def spacing(o):
    """The shortest time between two moves that one node began; None when none began two."""
    between = []
    for host in ("alpha", "beta", "gamma"):
        seconds = sorted(move["second"] for move in o["moves"] if move["from"] == host)
        between += [later - former for former, later in zip(seconds, seconds[1:])]
    return min(between, default=None)
