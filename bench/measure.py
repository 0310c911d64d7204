#!/usr/bin/python3
"""Takes the measurements of bench/run.sh: measure.py ISOBAR SANDBOX WORK RESULTS REPEAT

Inside a host it is its own helper: measure.py spawn N COMMAND...  |  receive PORT BYTES  |  send HOST PORT BYTES
  |  arrive PORT FOLDER  |  depart HOST PORT FOLDER COMMAND...
"""

import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tarfile
import time

SIZES_MB = (1, 64, 512, 2048)
PORT = 9099
CHUNK = 1 << 20
CRIU = next((path for path in (os.environ.get("ISOBAR_CRIU"), "/usr/lib/isobar/bin/criu") if path and os.path.exists(path)), "criu")


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


def criu(verb, folder, *options):
    done = subprocess.run(
        [CRIU, verb, "-D", folder, "-o", "log", "--manage-cgroups=ignore", *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"criu {verb} failed: {done.stderr.strip()}")


def depart(host, port, folder, command):
    """The source of a move by hand: starts a program, dumps it into memory, copies the images. Prints the seconds of it all, and of its parts."""
    os.makedirs(folder)
    # A number that is free at the target, too.
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write("20000")
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while True:
        with open(f"/proc/{program.pid}/wchan") as asleep:
            if "nanosleep" in asleep.read():
                break
        time.sleep(0.1)
    start = time.perf_counter()
    criu("dump", folder, "-t", str(program.pid))
    dumped = time.perf_counter()
    program.wait()
    with socket.create_connection((host, port)) as peer:
        with peer.makefile("wb", CHUNK) as stream, tarfile.open(fileobj=stream, mode="w|", bufsize=CHUNK) as tar:
            tar.add(folder, ".")
        peer.shutdown(socket.SHUT_WR)
        copied = time.perf_counter()
        if peer.recv(1) != b"!":
            sys.exit("the target of the move by hand failed")
    end = time.perf_counter()
    shutil.rmtree(folder)
    print(json.dumps({"seconds": end - start, "dumpSeconds": dumped - start, "copySeconds": copied - dumped, "restoreSeconds": end - copied}))


def arrive(port, folder):
    """The target of a move by hand: receives the images into memory and restores them."""
    os.makedirs(folder)
    with socket.create_server(("", port)) as server:
        print("listening", flush=True)
        peer, _ = server.accept()
        with peer:
            with peer.makefile("rb", CHUNK) as stream, tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK) as tar:
                tar.extractall(folder)
            criu("restore", folder, "-d", "--pidfile", "pid")
            peer.sendall(b"!")
    with open(f"{folder}/pid") as pid:
        os.kill(int(pid.read()), signal.SIGKILL)
    shutil.rmtree(folder)


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

    def by_hand(self, megabytes):
        moves = []
        for _ in range(self.repeat):
            target = subprocess.Popen(
                self.exec("beta", sys.executable, os.path.abspath(__file__), "arrive", str(PORT), "/dev/shm/images"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            target.stdout.readline()
            moves.append(json.loads(self.me("alpha", "depart", "beta", PORT, "/dev/shm/images", f"{self.work}/hold", megabytes)))
            if target.wait(60) != 0:
                raise RuntimeError("the target of the move by hand failed")
        return {key: statistics.median(move[key] for move in moves) for key in moves[0]}

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
        moves.append({"megabytes": megabytes, "copySeconds": bench.copied(int(move["bytes"])), "byHand": bench.by_hand(megabytes), **move})
    table(
        ("memory", "sent", "frozen", "whole move", "plain TCP copy", "criu by hand", "frozen / copy", "frozen / by hand"),
        [(f"{m['megabytes']} MB", f"{m['bytes'] / 1e6:.1f} MB", milliseconds(m["freezeSeconds"]), milliseconds(m["totalSeconds"]), milliseconds(m["copySeconds"]),
          milliseconds(m["byHand"]["seconds"]), f"{m['freezeSeconds'] / m['copySeconds']:.1f}", f"{m['freezeSeconds'] / m['byHand']['seconds']:.2f}") for m in moves])
    table(
        ("where the time goes", "prepare (not frozen)", "dump and send", "restore", "by hand: dump", "copy", "restore"),
        [(f"{m['megabytes']} MB", milliseconds(m["prepareSeconds"]), milliseconds(m["transferSeconds"]), milliseconds(m["restoreSeconds"]),
          milliseconds(m["byHand"]["dumpSeconds"]), milliseconds(m["byHand"]["copySeconds"]), milliseconds(m["byHand"]["restoreSeconds"])) for m in moves])
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
        case "depart":
            depart(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5:])
        case "arrive":
            arrive(int(sys.argv[2]), sys.argv[3])
        case _:
            main(*sys.argv[1:])
