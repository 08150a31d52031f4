#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants one bug at a time in a copy of the project (build/planted), and shows which test catches it.

    plant.py [--write] [WORD…]      all, or those that a word names; --write renews docs/reliability.md
    plant.py --fit                  plants nothing: does each edit still fit the sources?

Each bug is an edit of a line or two. An edit that does not fit any more is an error: then the bug is to be planted anew."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from bugs import BUGS

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- bugs: written by tests/planted/plant.py -->", "<!-- end of bugs -->"
SRC = "framework/src/"


def run(command, cwd, **more):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          check=False, **more)


class Copy:
    """The project once more, built on its own; the compiler cache knows most of it."""

    def __init__(self, folder):
        self.folder = folder
        files = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT).stdout.split("\0")
        for name in filter(None, files):
            source, target = ROOT / name, self.folder / name
            if not source.is_file() or (target.is_file() and source.read_bytes() == target.read_bytes()):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        self.environment = dict(os.environ, CCACHE_BASEDIR=str(self.folder), CCACHE_NOHASHDIR="1")
        self.environment.pop("COHORT_WRITE_DOCS", None)
        self.must(["cmake", "--preset", "dev", "-DCOHORT_BUILD_EXAMPLES=OFF"])

    def must(self, command):
        done = run(command, self.folder, env=self.environment)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}:\n{done.stdout[-4000:]}")

    def build(self, programs):
        self.must(["ninja", "-j2", "-C", "build/dev", *programs])

    def rabbitmq(self, verb):
        """The server that such tests expect; False where there is none."""
        script = self.folder / "tests/support/rabbitmq_server.py"
        done = run([sys.executable, str(script), verb, "build/dev/rabbitmq"], self.folder)
        if done.returncode != 0:
            sys.exit(done.stdout[-4000:])
        return "SKIPPED" not in done.stdout

    def fails(self, program, tests, seeds):
        """The first line that says what is wrong, or None when all is well with every seed."""
        for seed in seeds:
            try:
                done = run([f"build/dev/tests/{program}", tests], self.folder, timeout=240,
                           env=dict(self.environment, COHORT_SEED=str(seed)))
            except subprocess.TimeoutExpired:
                return "it does not end"
            if "No test cases matched" in done.stdout:
                sys.exit(f'{program} has no test "{tests}"')
            if done.returncode != 0:
                lines = [line.strip() for line in done.stdout.split("\n")]
                marks = [i for i, line in enumerate(lines) if "FAILED" in line]
                return lines[marks[0] + 1] if marks else "it crashed"
        return None

    def plant(self, bug):
        before = {}
        for name, old, new in bug.edits:
            path = self.folder / SRC / name
            text = path.read_text(encoding="utf-8")
            before.setdefault(path, text)
            if text.count(old) != 1:
                sys.exit(f"\"{bug.what}\" does not fit {name} any more: its text is there {text.count(old)} times")
            path.write_text(text.replace(old, new), encoding="utf-8")
        return before


def needs_rabbitmq(bug):
    return any(program == "test_rabbitmq" or tests.startswith("rabbitmq") for program, tests in bug.tests)


def write(caught):
    """The rows of these bugs are new; those of others stay, if there still is such a bug."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    old, tail = rest.split(END)
    rows = {line.split(" | ")[0][2:]: line for line in old.split("\n") if line.startswith("| ")}
    rows.update({bug.what: row(bug) for bug in caught})
    table = "\n".join(rows[bug.what] for bug in BUGS if bug.what in rows)
    names = "| the bug | what was changed | caught by |\n| --- | --- | --- |"
    PAGE.write_text(f"{head}{BEGIN}\n\n{names}\n{table}\n\n{END}{tail}", encoding="utf-8")


def row(bug):
    def short(text):
        line = text.strip().split("\n")[0].strip()
        return (line if len(line) <= 60 else line[:60] + "…").replace("|", "\\|")

    edits = ", ".join(f"`{name}`: `{short(old)}`" for name, old, _ in bug.edits)
    tests = ", ".join(test.rstrip("*") if program == "test_faults" else f"{program}: {test.rstrip('*')}"
                      for program, test in bug.tests)
    return f"| {bug.what} | {edits} | {tests} |"


def misfits():
    """The edits whose text is not exactly once in the sources."""
    for bug in BUGS:
        for name, old, _ in bug.edits:
            path = ROOT / SRC / name
            count = path.read_text(encoding="utf-8").count(old) if path.is_file() else 0
            if count != 1:
                yield f'"{bug.what}" does not fit {name} any more: its text is there {count} times'


def main():
    if "--fit" in sys.argv:
        wrong = list(misfits())
        print("\n".join([*wrong, f"{len(BUGS)} bugs, {len(wrong)} edits do not fit"]))
        return 1 if wrong else 0
    words = [word for word in sys.argv[1:] if word != "--write"]
    bugs = [bug for bug in BUGS if not words or any(word in bug.what for word in words)]
    copy = Copy(ROOT / "build/planted")
    has_server = any(map(needs_rabbitmq, bugs)) and copy.rabbitmq("start")
    if not has_server and any(map(needs_rabbitmq, bugs)):
        print("SKIPPED: no rabbitmq-server, so none of its bugs is planted")
        bugs = [bug for bug in bugs if not needs_rabbitmq(bug)]
    try:
        return plant_all(copy, bugs)
    finally:
        if has_server:
            copy.rabbitmq("stop")


def plant_all(copy, bugs):
    copy.build(sorted({program for bug in bugs for program, _ in bug.tests}))
    for program, tests in sorted({test for bug in bugs for test in bug.tests}):
        wrong = copy.fails(program, tests, (1,))
        if wrong is not None:
            sys.exit(f"without a bug: {tests}: {wrong}")
    caught = []
    for bug in bugs:
        before = copy.plant(bug)
        escaped = 0
        try:
            copy.build(sorted({program for program, _ in bug.tests}))
            for program, tests in bug.tests:
                wrong = copy.fails(program, tests, bug.seeds)
                escaped += wrong is None
                print(f"{'ESCAPED' if wrong is None else 'caught'}: {bug.what}: {tests}: {wrong}", flush=True)
        finally:
            for path, text in before.items():
                path.write_text(text, encoding="utf-8")
        if escaped == 0:
            caught.append(bug)
    if "--write" in sys.argv:
        write(caught)
    print(f"{len(bugs)} bugs, {len(bugs) - len(caught)} escaped")
    return 0 if len(caught) == len(bugs) else 1


sys.exit(main())
