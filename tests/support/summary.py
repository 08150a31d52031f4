# SPDX-License-Identifier: MIT
"""Sums up a test run from build/PRESET/tests.xml.   summary.py PRESET… --broken STEP…

Prints what failed with its output, a table of suites and their times, and `N passed, N failed, N skipped`. A broken step
(one that did not configure or build) and a preset without a report count as failures. What failed beside others and passed
alone (build/PRESET/alone.xml) has passed, and is named. Each report of a sanitizer (build/PRESET/sanitizer/) is a failure.
"""
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
SHOWN_LINES = 80  # of a failed test's output
MOST_NAMED = 10  # skipped cases of a kind, such as the promises that a broker does not make


def verdict(case):
    if case.get("status") == "run":
        return "passed"
    # A test that cannot be started is no skipped test: only those count that asked for it.
    skipped = case.find("skipped")
    asked = skipped is not None and skipped.get("message", "").startswith("SKIP_")
    return "skipped" if asked or case.get("status") == "disabled" else "failed"


def gathered(names):
    """Each name once, with the presets behind it; many of one kind in a line of their own."""
    presets = defaultdict(list)
    for name in names:
        preset, _, case = name.partition(": ")
        presets[case].append(preset)
    kinds = defaultdict(list)
    for case in presets:
        kinds[" ".join(case.split(" ")[:2])].append(case)
    for kind, cases in kinds.items():
        if len(cases) > MOST_NAMED:
            yield f"{kind} …: {len(cases)} cases ({' '.join(presets[cases[0]])})"
        else:
            yield from (f"{case} ({' '.join(presets[case])})" for case in cases)


def passed_alone(preset):
    report = ROOT / "build" / preset / "alone.xml"
    if not report.is_file():
        return set()
    return {case.get("name") for case in ElementTree.parse(report).iter("testcase") if verdict(case) == "passed"}


def show(preset, case):
    print(f"\n--- failed: {preset}: {case.get('name')} ({float(case.get('time', 0)):.1f} s)")
    output = (case.findtext("system-out") or "").strip().split("\n")
    if len(output) > SHOWN_LINES:
        print(f"[… {len(output) - SHOWN_LINES} lines; all are in build/logs/{preset}.test.log]")
    print("\n".join(output[-SHOWN_LINES:]))


def sanitizer_reports(preset):
    """Of whatever process: the tests', their workers', their clients'."""
    return sorted((ROOT / "build" / preset / "sanitizer").glob("report.*"))


def main(arguments):
    split = arguments.index("--broken")
    presets, broken = arguments[:split], arguments[split + 1:]
    counts = defaultdict(int)
    suites = defaultdict(lambda: defaultdict(lambda: [0, 0.0]))  # suite → preset → cases, seconds
    failed_names, skipped_names, alone_names = [], [], []

    for step in broken:
        counts["failed"] += 1
        failed_names.append(f"{step} (see above and build/logs/{step}.*)")
    for preset in presets:
        report = ROOT / "build" / preset / "tests.xml"
        if not report.is_file():
            if preset not in broken:
                counts["failed"] += 1
                failed_names.append(f"{preset}: left no report (build/logs/{preset}.test.log)")
            continue
        for found in sanitizer_reports(preset):
            counts["failed"] += 1
            failed_names.append(f"{preset}: a sanitizer's report, {found.relative_to(ROOT)}")
            print(f"\n--- {found.relative_to(ROOT)}")
            print("\n".join(found.read_text(errors="replace").split("\n")[:SHOWN_LINES]))
        alone = passed_alone(preset)
        for case in ElementTree.parse(report).iter("testcase"):
            result = verdict(case)
            if result == "failed":
                show(preset, case)
                if case.get("name") in alone:
                    result = "passed"
                    alone_names.append(f"{preset}: {case.get('name')}")
                else:
                    failed_names.append(f"{preset}: {case.get('name')}")
            elif result == "skipped":
                skipped_names.append(f"{preset}: {case.get('name')}")
            counts[result] += 1
            cell = suites[case.get("name").split(":")[0]][preset]
            cell[0] += 1
            cell[1] += float(case.get("time", 0))

    print("\n" + "suite".ljust(12) + "".join(preset.rjust(20) for preset in presets))
    for suite, row in suites.items():
        cells = (f"{row[p][0]} in {row[p][1]:.1f} s" if p in row else "" for p in presets)
        print(suite.ljust(12) + "".join(cell.rjust(20) for cell in cells))
    for title, names in (("skipped", list(gathered(skipped_names))), ("passed only alone, to be looked into", alone_names),
                         ("failed", failed_names)):
        if names:
            print(f"\n{title}:\n  " + "\n  ".join(names))
    print(f"\n{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
