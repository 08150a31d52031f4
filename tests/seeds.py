# SPDX-License-Identifier: MIT
"""Which capabilities of tests/seeds.txt has a test proved?   seeds.py [--tests] [PRESET…]

Looks at the last runs of the presets (default: dev) and prints the rows without proof, and their number. A row counts when
a test that carries its id as a tag ran and passed and, if it is a Catch2 case, asserted something; tests that were skipped
or failed prove nothing. --tests prints for each row the tests that prove it.

It reads build/PRESET/tests.xml and build/PRESET/reports/*.jsonl, which tests/run leaves behind, and asks ctest for labels.
"""
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
ID = re.compile(r"[KAIRS]\d\d")


def read_rows():
    lines = (ROOT / "tests/seeds.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))


def labels_of(build):
    """test name → the ids among its labels"""
    asked = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"], check=True, capture_output=True)
    found = {}
    for test in json.loads(asked.stdout)["tests"]:
        for item in test.get("properties", []):
            if item["name"] == "LABELS":
                found[test["name"]] = {label.upper() for label in item["value"] if ID.fullmatch(label.upper())}
    return found


def passed_tests(build):
    """Those that ran and passed, and that asserted something if they can tell."""
    passed = {case.get("name") for case in ElementTree.parse(build / "tests.xml").iter("testcase")
              if case.get("status") == "run" and case.find("skipped") is None}
    hollow = set()
    for report in (build / "reports").glob("*.jsonl"):
        for line in report.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            name = f"{report.stem}: {case['name']}"
            if case["passed"] and case["assertions"] > 0:
                hollow.discard(name)
            else:
                hollow.add(name)
    return passed - hollow


def main(arguments):
    show_tests = "--tests" in arguments
    presets = [word for word in arguments if not word.startswith("--")] or ["dev"]
    rows = read_rows()
    proofs = {row: set() for row in rows}
    unknown = set()
    for preset in presets:
        build = ROOT / "build" / preset
        if not (build / "tests.xml").is_file():
            print(f"seeds: {preset} left no report")
            continue
        passed = passed_tests(build)
        for name, ids in labels_of(build).items():
            unknown |= ids - rows.keys()
            for row in ids & rows.keys() if name in passed else ():
                proofs[row].add(name)

    if show_tests:
        for row, tests in proofs.items():
            print(f"{row} {rows[row]}")
            for name in sorted(tests):
                print(f"    {name}")
    missing = [row for row, tests in proofs.items() if not tests]
    if missing:
        print("\ncapabilities without a proof (tests/seeds.txt):")
        for row in missing:
            print(f"  {row} {rows[row]}")
    for row in sorted(unknown):
        print(f"a test carries the tag {row}, which tests/seeds.txt does not have")
    print(f"\n{len(rows) - len(missing)} of {len(rows)} capabilities proved, {len(missing)} not")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
