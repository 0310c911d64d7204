"""What happens on the hosts of a profile's minute: jobs, an owner who types, an administrator; and what is noticed meanwhile."""

import json
import subprocess
import threading
import time


class Scene:
    """One profile on three hosts. `home` is where its user sits; times are seconds since the minute began."""

    def __init__(self, hosts, program, per_core, home, isobar_root):
        self.hosts, self.program, self.per_core, self.home, self.root = hosts, program, per_core, home, isobar_root
        self.began, self.names, self.notes, self.seen, self.terminals = None, [], {}, {}, []
        self._over = threading.Event()
        self._watcher = None

    def begin(self):
        self.began = time.monotonic()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def end(self):
        self._over.set()
        self._watcher.join()
        for terminal in self.terminals:
            terminal.stdin.close()
            terminal.wait(20)

    @property
    def now(self):
        return time.monotonic() - self.began

    def at(self, second):
        time.sleep(max(0, self.began + second - time.monotonic()))

    def until(self, condition, second):
        """Waits until it is so, at most until that second of the minute; whether it is."""
        while not condition():
            if self.now > second:
                return False
            time.sleep(0.5)
        return True

    def isobar(self, host, *words, check=True):
        return self.hosts.ask(host, "isobar", *words, check=check)

    def run(self, name, cpu_seconds, *options, host=None):
        """A job of so many CPU seconds, started by the user at home (or another host's)."""
        self._start(host or self.home, name, options, [self.program, name, round(cpu_seconds * self.per_core), 2])

    def command(self, name, *command, options=(), host=None):
        self._start(host or self.home, name, options, command)

    def _start(self, host, name, options, command):
        self.names.append((host, name))
        self.isobar(host, "run", "--detach", "--name", name, *options, *command)

    def sleepers(self, stem, count):
        """So many jobs at home that do nothing, started in a row: a process for each command would take its time from them."""
        self.names += [(self.home, f"{stem}-{i}") for i in range(count)]
        self.hosts.ask(self.home, "sh", "-c", f"for i in $(seq 0 {count - 1}); do isobar run --detach --home --name {stem}-$i sleep 1000 || exit 1; done")

    def crowd(self, count=6, cpu_seconds=3, every=1.5, begin=0):
        """So many jobs one after the other: long enough apart to see the news of each other."""
        lengths = cpu_seconds if isinstance(cpu_seconds, (list, tuple)) else [cpu_seconds] * count
        for i in range(count):
            self.at(begin + i * every)
            self.run(f"job-{i}", lengths[i])

    def types(self, host, seconds):
        """Somebody types at a terminal of this host for so long, and stays logged in."""
        terminal = self.hosts.start(host, "script", "-qc", "cat > /dev/null", "/dev/null", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.terminals.append(terminal)

        def type_on():
            until = time.monotonic() + seconds
            while time.monotonic() < until and terminal.poll() is None:
                try:
                    terminal.stdin.write("hello\n")
                    terminal.stdin.flush()
                except (BrokenPipeError, ValueError):
                    return
                time.sleep(1)

        threading.Thread(target=type_on, daemon=True).start()
        return terminal

    def jobs(self):
        """The jobs of all homes by name."""
        found = {}
        for host in sorted({host for host, _ in self.names}):
            found.update({job["name"]: job for job in self.hosts.json(host, "isobar", "ps", "-a") if (host, job.get("name")) in self.names})
        return found

    def job(self, name):
        return self.jobs()[name]

    def where(self, name):
        return self.seen[name]["spells"][-1][1] if name in self.seen else None

    def started(self, name):
        return self.seen[name]["spells"][0][1] if name in self.seen else None

    def moves(self, name):
        host = next(host for host, known in self.names if known == name)
        return self.hosts.json(host, "isobar", "moves", self.job(name)["id"])

    def why(self, name):
        """What was decided about a job, as one text."""
        host = next(host for host, known in self.names if known == name)
        return " | ".join(f"{decision['what']}: {decision['outcome']}" for decision in self.hosts.json(host, "isobar", "why", self.job(name)["id"])["decisions"])

    def nodes(self, host):
        return self.hosts.json(host, "isobar", "nodes", "--age")

    def use(self, profile, **changes):
        """Sets a shipped profile, or one that differs from it in parameters: {"rules": [{...}]} changes rules by their order, the rest by member."""
        text = profile
        if changes:
            with open(f"{self.root}/src/Isobar.Balancing/Profiles/Shipped/{profile}.json") as file:
                document = json.load(file)
            merge(document, changes)
            text = json.dumps(document)
        self.isobar(self.home, "config", "set", "profile", text)
        until = time.monotonic() + 15
        while any(self.nodes(host)["profile"] != profile for host in self.hosts.names):
            if time.monotonic() > until:
                raise RuntimeError(f"profile {profile} does not get to all hosts")
            time.sleep(0.3)

    def _watch(self):
        """Where each job is, and whether it stands still, each second: what is over before anybody asks is seen too."""
        while not self._over.wait(0.7):
            try:
                for name, job in self.jobs().items():
                    seen = self.seen.setdefault(name, {"spells": [], "still": [], "background": False})
                    if job["state"] in ("Running", "Stopped", "Done") and (not seen["spells"] or seen["spells"][-1][1] != job["node"]):
                        seen["spells"].append((round(self.now, 1), job["node"]))
                    seen["background"] |= bool(job.get("background"))
                    still = job.get("suspended")
                    if (seen["still"][-1][1] if seen["still"] else None) != still:
                        seen["still"].append((round(self.now, 1), still))
            except (RuntimeError, subprocess.TimeoutExpired, json.JSONDecodeError):
                continue

    def stood_still(self, name, word=""):
        """Seconds of the minute at which it was made to stand still and went on (None = not yet); None when it never did."""
        spells = self.seen.get(name, {}).get("still", [])
        for i, (second, reason) in enumerate(spells):
            if reason is not None and word in reason:
                return second, next((later for later, then in spells[i + 1:] if then is None), None)
        return None


def merge(document, changes):
    for key, value in changes.items():
        if key == "rules":
            for rule, change in zip(document["consideration"]["rules"], value):
                rule.update(change)
        elif isinstance(value, dict):
            merge(document.setdefault(key, {}), value)
        else:
            document[key] = value
