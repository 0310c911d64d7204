#!/usr/bin/python3
"""Hands jobs in on the host where it runs, each at its moment: hand_in.py FILE, lines of "UNIX_TIME COMMAND...\""""

import shlex
import subprocess
import sys
import time

for line in open(sys.argv[1]):
    moment, command = line.split(" ", 1)
    time.sleep(max(0, float(moment) - time.time()))
    done = subprocess.run(shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"{command.strip()}: {done.stderr.strip()}", flush=True)
