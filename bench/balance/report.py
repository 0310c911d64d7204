"""Tables, CSV and the picture of where jobs ran."""

import csv
import os
import platform

COLOURS = ("#3b6ea5", "#d98032", "#5b9a5b", "#a04f8e", "#8a8a8a", "#c9b037")


def table(head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    line = lambda cells: "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)) + " |"
    return "\n".join([line(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows)]) + "\n"


def write_csv(path, head, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def machine():
    return f"Kernel {platform.release()}, {os.cpu_count()} cores"


def where_jobs_ran(path, title, panels, hosts):
    """An SVG: one panel for each contender, one line for each job, coloured by the host where it was; grey while it waited.

    panels: [(name, makespan, [(job, [(begin, end, host or None), ...]), ...]), ...]
    """
    left, width, row, gap = 150, 640, 7, 46
    longest = max(makespan for _, makespan, _ in panels)
    scale = width / longest
    height = 60 + sum(gap + row * len(jobs) for _, _, jobs in panels) + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{height}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>', f'<text x="10" y="20" font-size="14">{title}</text>']
    colour = {host: COLOURS[i % len(COLOURS)] for i, host in enumerate(hosts)}
    x = 10
    for host in hosts:
        out.append(f'<rect x="{x}" y="30" width="12" height="12" fill="{colour[host]}"/><text x="{x + 16}" y="40">{host}</text>')
        x += 30 + 8 * len(host)
    out.append(f'<rect x="{x}" y="30" width="12" height="12" fill="#dddddd"/><text x="{x + 16}" y="40">waiting or being moved</text>')
    y = 62
    for name, makespan, jobs in panels:
        out.append(f'<text x="10" y="{y + 14}">{name}: {makespan:.0f} s</text>')
        y += 22
        for _, spells in jobs:
            for begin, end, host in spells:
                out.append(f'<rect x="{left + begin * scale:.1f}" y="{y}" width="{max(0.3, (end - begin) * scale):.1f}" height="{row - 1}" fill="{colour.get(host, "#dddddd")}"/>')
            y += row
        out.append(f'<line x1="{left + makespan * scale:.1f}" x2="{left + makespan * scale:.1f}" y1="{y - row * len(jobs) - 4}" y2="{y + 2}" stroke="black" stroke-dasharray="3 2"/>')
        y += gap - 22
    for tick in range(0, int(longest) + 1, tick_step(longest)):
        out.append(f'<text x="{left + tick * scale:.0f}" y="{y}" text-anchor="middle" fill="#555555">{tick} s</text>')
    out.append("</svg>")
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n")


def tick_step(longest):
    return next(step for step in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if longest / step <= 12)
