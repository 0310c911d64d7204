"""Allocates, uses threads, timers, sleep, a child process and asyncio; the monotonic clock does not jump. usage: program.py GATE"""

import asyncio
import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time

try:
    import numpy
except ImportError:
    numpy = None

gate = sys.argv[1]
over = threading.Event()
problems = []
ticks = 0


def watch_clock():
    last = time.monotonic()
    while not over.is_set():
        now = time.monotonic()
        if not 0 <= now - last < 120:
            problems.append(f"the monotonic clock went from {last} to {now}")
        last = now
        time.sleep(0.005)


def on_timer(signum, frame):
    global ticks
    ticks += 1


def allocate():
    keep = {}
    count = 0
    generator = random.Random(1)
    while not over.is_set():
        count += 1
        key = generator.randrange(500)
        data = generator.randbytes(4096)
        keep[key] = (data, hashlib.sha256(data).digest())
        if count % 50 == 0:
            for kept, digest in keep.values():
                if hashlib.sha256(kept).digest() != digest:
                    problems.append("allocated bytes changed")
            time.sleep(0.002)
    if count < 100:
        problems.append(f"only {count} allocations")


def multiply():
    """Numbers that numpy holds from before the moves, and its threads."""
    matrix = numpy.random.default_rng(7).random((200, 200)) / 200
    first = numpy.linalg.matrix_power(matrix, 5)
    while not over.is_set():
        if not numpy.array_equal(numpy.linalg.matrix_power(matrix, 5), first):
            problems.append("numpy's product changed")
        time.sleep(0.01)
    print(hashlib.sha256(first.round(9).tobytes()).hexdigest())


async def sleepers():
    rounds = 0
    while not os.path.exists(gate):
        await asyncio.gather(*(asyncio.sleep(0.01 * i) for i in range(5)))
        rounds += 1
    return rounds


signal.signal(signal.SIGALRM, on_timer)
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdin.write(b"kept by a child\n")
child.stdin.flush()
threads = [threading.Thread(target=work) for work in (watch_clock, allocate) + ((multiply,) if numpy else ())]
for thread in threads:
    thread.start()
rounds = asyncio.run(sleepers())
over.set()
for thread in threads:
    thread.join()
signal.setitimer(signal.ITIMER_REAL, 0)
if rounds < 5 or ticks < 5:
    problems.append(f"{rounds} rounds, {ticks} ticks")
answer, _ = child.communicate(b"until the end\n")
print(answer.decode(), end="")
for problem in problems:
    print("WRONG", problem)
print("python is as it was")
sys.exit(1 if problems else 0)
