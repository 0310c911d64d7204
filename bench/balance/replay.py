"""The run of `thirty`, recorded by the daemons and run again in the simulator: predicted makespan beside the real one.

Needs no hosts: it reads what `thirty` left.
"""

import glob
import json
import os
import re
import statistics
import subprocess

import report
import thirty


def simulate(isobar, command, trace, *options):
    """Makespan, mean response and moves that the simulator tells."""
    words = command.split()[1:]
    words[words.index("-w") + 1] = f"trace:{trace}"
    for option in options:
        name, value = option
        if value is None:
            if name in words:
                del words[words.index(name):words.index(name) + 2]
        elif name in words:
            words[words.index(name) + 1] = value
        else:
            words += [name, value]
    text = subprocess.run([isobar, *words], check=True, stdout=subprocess.PIPE, text=True).stdout
    figure = lambda name: float(re.search(rf"^{re.escape(name)}\s+(\S+)", text, re.M).group(1))
    return figure("makespan s"), figure("response s"), figure("moves")


def with_known_work(trace, real, command):
    """The same trace with the work that was handed in instead of the CPU seconds that the daemons saw."""
    cores = command.split()[command.split().index("--cores") + 1].split(",")
    speed = sum(float(core.split("x")[1]) * int(core.split("x")[0]) for core in cores) / sum(thirty.CORES.values())
    with open(trace) as file:
        head, *rows = [line.rstrip("\n").split(",") for line in file]
    starts = sorted((job["start"], size) for job, size in zip(real["jobs"].values(), real["sizes"]))
    path = trace + ".known"
    with open(path, "w") as file:
        file.write(",".join(head) + "\n")
        for row, (_, size) in zip(rows, starts):
            file.write(",".join([*row[:2], f"{size * speed:.4f}", *row[3:]]) + "\n")
    return path


def main(isobar, folder, results, arguments):
    """[SEEDS of the simulator, default 5]"""
    runs, rows, lines = thirty.load(folder), [], []
    seeds = int(arguments[0]) if arguments else 5
    for trace in sorted(glob.glob(f"{folder}/thirty-*.csv")):
        number = re.search(r"thirty-(\d+)\.csv", trace).group(1)
        # Of an earlier round only the recording may be left.
        if (real := runs.get(f"isobar-{number}")) is None:
            continue
        with open(trace + ".command") as file:
            told, command = file.read().splitlines()
        costs = command.split()[command.split().index("--costs") + 1] if "--costs" in command else "0.3"
        real_response = statistics.mean(job["end"] - job["start"] for job in real["jobs"].values())
        last = max(job["end"] for job in real["jobs"].values()) - min(job["start"] for job in real["jobs"].values())
        real_moves = len([move for move in real["moves"] if move["committed"]])
        rows.append((number, "real", f"{last:.1f} s", "", f"{real_response:.1f} s", "", real_moves))
        ways = [
            ("as recorded", ()),
            ("with the work that was handed in", ("known",)),
            ("moves take no CPU", (("--costs", costs.split("+")[0]),)),
            ("moves-at-once left out", (("--moves-at-once", None),)),
            ("moves cost the simulator's default", (("--costs", None),)),
        ]
        for name, options in ways:
            source = with_known_work(trace, real, command) if options == ("known",) else trace
            options = () if options == ("known",) else options
            results_of = [simulate(isobar, command, source, *options, ("--seed", str(seed))) for seed in range(1, seeds + 1)]
            makespan, response, moves = (statistics.mean(column) for column in zip(*results_of))
            rows.append((number, name, f"{makespan:.1f} s", f"{100 * (makespan / last - 1):+.0f} %", f"{response:.1f} s", f"{100 * (response / real_response - 1):+.0f} %", f"{moves:.0f}"))
            lines.append((number, name, f"{last:.2f}", f"{makespan:.2f}", f"{real_response:.2f}", f"{response:.2f}", real_moves, moves))
        print(told)
        print(command + "\n")
    print(report.table(("run", "", "makespan", "beside the real one", "mean response", "beside the real one", "moves"), rows))
    report.write_csv(f"{results}/live-replay.csv", ("run", "model", "real_makespan_s", "makespan_s", "real_response_s", "response_s", "real_moves", "moves"), lines)
