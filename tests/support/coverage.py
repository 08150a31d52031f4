# SPDX-License-Identifier: MIT
"""How much of the framework has a run of the tests executed?   coverage.py BUILD [--least PERCENT] [--root FOLDER]

BUILD is a tree of the preset `coverage` whose tests have left their counts in BUILD/counts. Prints the share of lines of each
room, and fails when that of the whole framework is below PERCENT. What no test reached is in BUILD/coverage.txt, file by file.
"""
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = "19"


def programs(build):
    """All that the tests run: programs of their own, and the examples."""
    for folder in ("tests", "examples"):
        for file in sorted((build / folder).rglob("*")):
            if file.is_file() and not file.suffix and file.stat().st_mode & 0o111:
                yield str(file)


def summary(build, root):
    counts = sorted(str(file) for file in (build / "counts").glob("*.profraw"))
    if not counts:
        sys.exit(f"coverage: no counts in {build}/counts")
    merged = build / "coverage.profdata"
    subprocess.run([f"llvm-profdata-{TOOLS}", "merge", "-sparse", "-o", merged, *counts], check=True)
    first, *others = programs(build)
    objects = [first, *(part for other in others for part in ("-object", other))]
    shared = [f"-instr-profile={merged}", *objects, "-sources", str(root / "framework")]
    asked = subprocess.run([f"llvm-cov-{TOOLS}", "export", "-summary-only", *shared], check=True, capture_output=True)
    with open(build / "coverage.txt", "wb") as report:
        subprocess.run([f"llvm-cov-{TOOLS}", "report", *shared], check=True, stdout=report)
    return json.loads(asked.stdout)["data"][0]


def main(arguments):
    build = Path(arguments[0]).resolve()
    least = float(arguments[arguments.index("--least") + 1]) if "--least" in arguments else 0.0
    root = Path(arguments[arguments.index("--root") + 1]).resolve() if "--root" in arguments else ROOT
    data = summary(build, root)
    rooms = defaultdict(lambda: [0, 0])
    for file in data["files"]:
        path = Path(file["filename"]).relative_to(root / "framework")
        room = path.parts[1] if path.parts[0] == "src" else path.parts[0]
        lines = file["summary"]["lines"]
        rooms[room][0] += lines["covered"]
        rooms[room][1] += lines["count"]
    print("\nlines of the framework that the tests reach")
    for room, (covered, count) in sorted(rooms.items()):
        print(f"  {room:<10} {covered:6} of {count:6}  {100 * covered / count:5.1f} %")
    covered, count = (sum(numbers) for numbers in zip(*rooms.values()))
    share = 100 * covered / count
    print(f"  {'all':<10} {covered:6} of {count:6}  {share:5.1f} %, at least {least:g} % is agreed; which are missing: {build.name}/coverage.txt")
    return 0 if share >= least else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
