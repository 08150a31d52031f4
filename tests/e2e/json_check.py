# SPDX-License-Identifier: MIT
"""json_check.py FOLDER: lets e2e_client and e2e_worker of FOLDER run their jobs, then reads all of them with a JSON library that
is not Cohort's, through the view that docs/brokers/sqlite.md describes."""
import json
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/brokers/sqlite.md"


def documented_columns():
    """column → what the page says of it"""
    table = PAGE.read_text(encoding="utf-8").split("| column of `jobs_view` | type |")[1].split("\n\n")[0]
    return {name: kind for names, kind in re.findall(r"^\| (`.*`) \| (.*) \|$", table, re.MULTILINE)
            for name in re.findall(r"`(\w+)`", names)}


def run_jobs(folder, path):
    worker = subprocess.Popen([f"{folder}/e2e_worker", "--broker", f"sqlite:{path}"])
    try:
        subprocess.run([f"{folder}/e2e_client", f"sqlite:{path}"], check=True, timeout=120)
    finally:
        worker.send_signal(signal.SIGTERM)
        if worker.wait(60) != 0:
            sys.exit("the worker failed")


def main(folder):
    columns = documented_columns()
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/jobs.db"
        run_jobs(folder, path)
        database = sqlite3.connect(path)
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM jobs_view").fetchall()
        database.close()
    assert set(columns) <= set(rows[0].keys()), f"not in the view: {set(columns) - set(rows[0].keys())}"
    assert len(rows) == 501, len(rows)
    seen = set()
    for row in rows:
        for name, kind in columns.items():
            if row[name] is not None:
                assert isinstance(row[name], int if kind.startswith("integer") else str), (name, row[name])
        assert row["state"] == "succeeded", row["state"]
        arguments, result = json.loads(row["arguments"]), json.loads(row["result"])
        if row["name"].endswith("twice"):
            assert result == 2 * arguments[0] and arguments[1] == 0, (arguments, result)
            seen.add(arguments[0])
        else:
            parcel, count = (arguments["parcel"], arguments["count"]) if isinstance(arguments, dict) else arguments
            assert parcel == {"name": "grüße", "weight": 2.5, "tags": ["a", "b"], "note": None, "size": "large"} and count == 3
            assert result["weight"] == 7.5 and result["name"] == "grüße" and result["size"] == "small", result
    assert seen == set(range(500))
    print("501 jobs, all as the page says")


main(sys.argv[1])
