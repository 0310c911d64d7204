"""Walks through folders as fts(3) does until the first gate is open, then stands in one; each folder must be the same on the way back. usage: walk.py GATE1 GATE2"""

import os
import sys
import time

first, second = sys.argv[1:]
lost = 0


def walk(folder):
    global lost
    before = os.fstat(folder)
    for entry in sorted(os.listdir(folder)):
        if os.path.exists(first):
            return
        try:
            inner = os.open(entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        except OSError:
            continue
        walk(inner)
        back = os.open("..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=inner)
        after = os.fstat(back)
        lost += (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino)
        os.close(back)
        os.close(inner)


print("walks", flush=True)
while not os.path.exists(first):
    top = os.open("/usr", os.O_RDONLY | os.O_DIRECTORY)
    walk(top)
    os.close(top)
standing = os.open("/usr/share", os.O_RDONLY | os.O_DIRECTORY)
print("stands", flush=True)
while not os.path.exists(second):
    time.sleep(0.02)
print(lost, "lost,", "usr" in os.listdir(os.open("../..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=standing)))
