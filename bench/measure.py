#!/usr/bin/python3
"""Takes the measurements of bench/run.sh: measure.py ISOBAR SANDBOX WORK RESULTS REPEAT

Inside a host it is its own helper: measure.py spawn N COMMAND...  |  receive PORT BYTES  |  send HOST PORT BYTES
"""

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time

SIZES_MB = (1, 64, 512)
PORT = 9099
CHUNK = 1 << 20


def spawn(times, command):
    """Seconds of each of N runs of a command, by the clock of the host that starts it."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, close_fds=False)
        seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds))


def receive(port, size):
    with socket.create_server(("", port)) as server:
        print("listening", flush=True)
        peer, _ = server.accept()
        with peer:
            buffer, got = bytearray(CHUNK), 0
            while got < size:
                n = peer.recv_into(buffer)
                if n == 0:
                    sys.exit("the sender broke off")
                got += n
            peer.sendall(b"!")


def send(host, port, size):
    """Seconds from the connection until the receiver has confirmed the last byte."""
    block = os.urandom(CHUNK)
    start = time.perf_counter()
    with socket.create_connection((host, port)) as peer:
        for _ in range(size // CHUNK):
            peer.sendall(block)
        peer.sendall(block[: size % CHUNK])
        if peer.recv(1) != b"!":
            sys.exit("the receiver broke off")
    print(json.dumps(time.perf_counter() - start))


class Bench:
    def __init__(self, isobar, sandbox, work, repeat):
        self.isobar, self.sandbox, self.work, self.repeat = isobar, sandbox, work, repeat

    def exec(self, host, *command):
        return [self.isobar, "sandbox", "exec", "--sandbox", self.sandbox, host, *command]

    def ask(self, host, *command):
        return subprocess.run(self.exec(host, *command), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300).stdout

    def me(self, host, *arguments):
        return self.ask(host, sys.executable, os.path.abspath(__file__), *map(str, arguments))

    def spawned(self, times, *command):
        # The first run is not counted: it fills caches.
        return statistics.median(json.loads(self.me("alpha", "spawn", times + 1, *command))[1:])

    def runs(self):
        rows = {
            "fork + exec": self.spawned(20, "/bin/true"),
            "isobar run --home": self.spawned(self.repeat, "isobar", "run", "--home", "true"),
            "isobar run --on beta": self.spawned(self.repeat, "isobar", "run", "--on", "beta", "true"),
        }
        if os.path.exists(f"{self.work}/user"):
            try:
                rows["ssh beta"] = self.ssh()
            except (subprocess.SubprocessError, OSError) as e:
                print(f"ssh could not be measured: {e}", file=sys.stderr)
        return rows

    def ssh(self):
        with open(f"{self.work}/user.pub") as key:
            public = key.read().strip()
        self.ask("beta", "sh", "-c", f"mkdir -p /run/sshd /tmp/ssh && cp {self.work}/host /tmp/ssh/ && echo '{public}' > /tmp/ssh/keys && chmod 600 /tmp/ssh/*")
        server = subprocess.Popen(self.exec(
            "beta", "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", "2222", "-h", "/tmp/ssh/host", "-o", "AuthorizedKeysFile=/tmp/ssh/keys",
            "-o", "StrictModes=no", "-o", "UsePAM=no", "-o", "PermitRootLogin=prohibit-password"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(1)
            return self.spawned(
                self.repeat, "ssh", "-F", "none", "-p", "2222", "-i", f"{self.work}/user", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "root@beta", "true")
        finally:
            server.terminate()
            server.wait(10)

    def copied(self, size):
        seconds = []
        for _ in range(self.repeat):
            receiver = subprocess.Popen(
                self.exec("beta", sys.executable, os.path.abspath(__file__), "receive", str(PORT), str(size)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            receiver.stdout.readline()
            seconds.append(json.loads(self.me("alpha", "send", "beta", PORT, size)))
            if receiver.wait(30) != 0:
                raise RuntimeError("the receiver of the plain copy failed")
        return statistics.median(seconds)

    def moved(self, megabytes):
        job = self.ask("alpha", "isobar", "run", "--home", "--detach", f"{self.work}/hold", str(megabytes)).strip()
        until = time.monotonic() + 120
        while "ready" not in self.ask("alpha", "isobar", "logs", job):
            if time.monotonic() > until:
                raise RuntimeError(f"{job} did not get ready")
            time.sleep(0.2)
        for i in range(self.repeat):
            self.ask("alpha", "isobar", "migrate", job, ("beta", "gamma")[i % 2])
        moves = json.loads(self.ask("alpha", "isobar", "moves", job, "--json"))
        self.ask("alpha", "isobar", "kill", "-s", "KILL", job)
        if len(moves) != self.repeat or not all(move["committed"] for move in moves):
            raise RuntimeError(f"not all moves of {job} were committed: {moves}")
        median = lambda key: statistics.median(move[key] for move in moves)
        return {key: median(key) for key in ("bytes", "freezeSeconds", "totalSeconds", "prepareSeconds", "transferSeconds", "restoreSeconds")}


def milliseconds(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    line = lambda cells: "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"
    print("\n".join([line(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows)]) + "\n", flush=True)


def main(isobar, sandbox, work, results, repeat):
    bench = Bench(isobar, sandbox, work, int(repeat))
    runs = bench.runs()
    base = runs["fork + exec"]
    table(("`true` started by", "median", "fork + exec = 1"), [(name, milliseconds(value), f"{value / base:.0f}") for name, value in runs.items()])
    moves = []
    for megabytes in SIZES_MB:
        move = bench.moved(megabytes)
        moves.append({"megabytes": megabytes, "copySeconds": bench.copied(int(move["bytes"])), **move})
    table(
        ("memory", "sent", "frozen", "whole move", "plain TCP copy", "frozen / copy", "whole / copy"),
        [(f"{m['megabytes']} MB", f"{m['bytes'] / 1e6:.1f} MB", milliseconds(m["freezeSeconds"]), milliseconds(m["totalSeconds"]), milliseconds(m["copySeconds"]),
          f"{m['freezeSeconds'] / m['copySeconds']:.1f}", f"{m['totalSeconds'] / m['copySeconds']:.1f}") for m in moves])
    with open(results, "w") as file:
        json.dump({"kernel": platform.release(), "cores": os.cpu_count(), "load": os.getloadavg(), "repeat": bench.repeat, "runSeconds": runs, "moves": moves}, file, indent=2)


if __name__ == "__main__":
    match sys.argv[1]:
        case "spawn":
            spawn(int(sys.argv[2]), sys.argv[3:])
        case "receive":
            receive(int(sys.argv[2]), int(sys.argv[3]))
        case "send":
            send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        case _:
            main(*sys.argv[1:])
