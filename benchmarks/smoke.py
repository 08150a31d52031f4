# SPDX-License-Identifier: MIT
"""Runs cohort_bench on tiny amounts and checks the form of what it writes; speed is not looked at.

    smoke.py COHORT_BENCH BROKER
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

NUMBERS = {"jobs", "per_second", "per_second_lowest", "per_second_highest", "client_us", "worker_us", "server_us", "p50_us",
           "p99_us", "rss_mib", "allocations", "seconds", "runs", "batch", "others", "concurrency", "record_bytes"}
FIELDS = NUMBERS | {"broker", "question", "durability", "body", "per_second_of_raw", "p50_of_raw", "raw"}
QUESTIONS = {"enqueue_one": 1, "enqueue": 1, "enqueue_bulk": 1, "drain": 3, "end_to_end": 3, "round_trip": 3, "idle": 1}
ALWAYS = {"runs", "seconds", "rss_mib", "allocations", "concurrency", "record_bytes", "batch", "others"}


def check(figure, broker):
    assert set(figure) == FIELDS, f"fields {set(figure) ^ FIELDS}"
    assert figure["broker"] == broker
    for part in (figure, figure["raw"] or {}):
        for name in part.keys() & NUMBERS:
            assert part[name] is None or part[name] >= 0, f"{name} is {part[name]}"
    for name in ALWAYS:
        assert figure[name] is not None, f"{name} is null"
    if figure["question"] == "idle":
        return
    assert set(figure["raw"]) == NUMBERS, f"fields of raw {set(figure['raw']) ^ NUMBERS}"
    assert figure["jobs"] > 0 and figure["per_second"] > 0 and figure["raw"]["per_second"] > 0
    assert figure["client_us"] is not None or figure["worker_us"] is not None
    if figure["question"] != "drain":
        assert 0 < figure["p50_us"] <= figure["p99_us"]


def main():
    program, broker = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        subprocess.run([program, "--broker", broker, "--seconds", "0.2", "--runs", "1", "--jobs", "300", "--folder", folder,
                        "--json", file], check=True)
        text = file.read_text()
    figures = json.loads(text)
    for figure in figures:
        check(figure, broker)
    assert len(text.strip().split("\n")) == len(figures) + 2, "not one figure a line"
    for durability in {figure["durability"] for figure in figures}:
        found = [figure["question"] for figure in figures if figure["durability"] == durability]
        assert found == [name for name, count in QUESTIONS.items() for _ in range(count)], found
    print(len(figures), "figures")


main()
