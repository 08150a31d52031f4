# SPDX-License-Identifier: MIT
"""Makes tables of a file of figures.

    table.py FILE                     prints them
    table.py FILE --write README.md   puts them between the markers of their brokers, with machine, date and commit
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
from pathlib import Path

COLUMNS = [
    # heading, figure, digits, and whether the raw value stands beside it
    ("per second", "per_second", 0, True),
    ("of raw", "per_second_of_raw", 2, False),
    ("p50 µs", "p50_us", 1, True),
    ("of raw", "p50_of_raw", 2, False),
    ("p99 µs", "p99_us", 1, True),
    ("client µs", "client_us", 2, True),
    ("worker µs", "worker_us", 2, True),
    ("server µs", "server_us", 2, True),
    ("CPU of raw", "cpu_of_raw", 1, False),
    ("allocations", "allocations", 1, False),
    ("RSS MiB", "rss_mib", 1, True),
    ("others", "others", 2, False),
]


def shown(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def cell(figure, name, digits, with_raw):
    text = shown(figure.get(name), digits)
    raw = figure["raw"] or {}
    if with_raw and raw.get(name) is not None:
        text += f" ({shown(raw[name], digits)})"
    return text


def cpu(figure):
    """CPU time per job of all processes together."""
    return sum(figure.get(name) or 0 for name in ("client_us", "worker_us", "server_us"))


def rows(figures):
    yield ["question", "body", "durability", *(heading for heading, *_ in COLUMNS)]
    for figure in figures:
        if figure["raw"] and cpu(figure["raw"]):
            figure["cpu_of_raw"] = cpu(figure) / cpu(figure["raw"])
        names = [figure[name] or "" for name in ("question", "body", "durability")]
        yield names + [cell(figure, *column) for _, *column in COLUMNS]


def without_empty_columns(table):
    kept = [i for i in range(len(table[0])) if any(row[i] for row in table[1:])]
    return [[row[i] for i in kept] for row in table]


def as_text(table):
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        yield "  ".join(text.ljust(width) if i < 1 else text.rjust(width) for i, (text, width) in enumerate(zip(row, widths)))


def as_markdown(table):
    yield "| " + " | ".join(table[0]) + " |"
    yield "|---|" + "--:|" * (len(table[0]) - 1)
    for row in table[1:]:
        yield "| " + " | ".join(row) + " |"


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    return (f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}, {memory:.0f} GiB, "
            f"{system[1] if system else 'Linux'}, kernel {'.'.join(platform.release().split('.')[:2])}")


def commit():
    try:
        run = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=True)
        return run.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def write(page, broker, figures):
    table = without_empty_columns(list(rows(figures)))
    runs, seconds = figures[0]["runs"], figures[0]["seconds"]
    head = (f"{datetime.date.today()}, commit {commit()}, {machine()}. Medians of {runs} runs of {seconds:.0f} s and more; "
            "in brackets the raw limit.")
    text = "\n".join([head, "", *as_markdown(table)])
    marked = re.compile(rf"(<!-- figures: {re.escape(broker)} -->\n).*?(<!-- end -->)", re.DOTALL)
    old = page.read_text(encoding="utf-8")
    if not marked.search(old):
        raise SystemExit(f"{page}: has no place marked <!-- figures: {broker} -->")
    page.write_text(marked.sub(lambda at: f"{at[1]}{text}\n{at[2]}", old), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--write", type=Path, metavar="PAGE")
    arguments = parser.parse_args()
    figures = json.loads(arguments.file.read_text(encoding="utf-8"))
    for broker in dict.fromkeys(figure["broker"] for figure in figures):
        own = [figure for figure in figures if figure["broker"] == broker]
        if arguments.write:
            write(arguments.write, broker, own)
            continue
        print(f"\n{broker}; in brackets the raw limit")
        print("\n".join(as_text(without_empty_columns(list(rows(own))))))


main()
