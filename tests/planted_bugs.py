#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants one bug at a time in a copy of the project, and shows which test catches it.

    planted_bugs.py [--write] [NAME…]      all, or those whose names contain a word; --write renews docs/reliability.md

Each bug is an edit of a line or two. An edit that does not fit any more is an error: then the bug is to be planted anew."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- bugs: written by tests/planted_bugs.py -->", "<!-- end of bugs -->"
SRC = "framework/src/"


class Bug:
    def __init__(self, name, edits, program, tests, seeds=(1,)):
        self.name, self.edits, self.program, self.tests, self.seeds = name, edits, program, tests, seeds


NO_FENCE = [
    (SRC + "sqlite/settle.cpp", "state = 2 AND incarnation = ? AND claim_no = ?",
     "state = 2 AND ? IS NOT NULL AND ? IS NOT NULL"),
    (SRC + "sqlite/settle.cpp", "bool const enlisted = session.is_enlisted(settlement.token.incarnation);",
     "bool const enlisted = true;"),
]
BUGS = [
    Bug("an outcome is stored without a look at its token (SQLite)", NO_FENCE, "test_faults", "sqlite F14*"),
    Bug("an outcome is stored without a look at its token (all brokers)",
        [(SRC + "base/state.cpp", "if (record.token != settlement.token) return Verdict::fenced;", "")],
        "test_faults", "memory F14*"),
    Bug("a success is committed before its result",
        [(SRC + "sqlite/settle.cpp", ".bind_text_or_null(settlement.result)\n            .bind(seq)\n            .run();",
          '.bind_text_or_null({})\n            .bind(seq)\n            .run();\n'
          '        session.commit();\n        session.begin();\n'
          '        static std::string const late = "UPDATE jobs SET result = ? WHERE seq = ?";\n'
          '        session.prepare(late).bind_text_or_null(settlement.result).bind(seq).run();')],
        "test_faults", "sqlite F02: a worker dies at commit.before*", range(1, 9)),
    Bug("the bell of a client is not rung", [(SRC + "sqlite/writer.cpp", "ringer_.ring_client(config_.space, client, refs);",
                                              "static_cast<void>(client), static_cast<void>(refs);")],
        "test_faults", "sqlite F30: no notification is lost*"),
    Bug("the bell of a queue is not rung", [(SRC + "sqlite/writer.cpp", "        ringer_.ring_queue(queue);\n", "")],
        "test_faults", "sqlite F30: no notification is lost*"),
    Bug("a lost worker is not counted", [(SRC + "base/state.cpp", "    count(record.counters.lost);\n", "")],
        "test_faults", "sqlite F17*"),
    Bug("a beat brings a retired worker back",
        [(SRC + "sqlite/lives.cpp", "reply.retired = changed == 0;",
          'if (changed == 0) {\n        static std::string const back =\n            "INSERT INTO workers (namespace, incarnation, name, host, pid, queues, "\n'
          '            "slots, lease, since, last_beat, beat, boot) VALUES (?, ?, \'\', \'\', 0, \'\', 1, 1500000, 0, 0, ?, ?)";\n'
          '        session.prepare(back).bind(std::string_view{config.space}).bind(std::string_view{beat_.incarnation})'
          '.bind(session.steady()).bind(std::string_view{config.boot}).run();\n    }\n    reply.retired = false;')],
        "test_faults", "sqlite F12*"),
    Bug("upkeep takes the living for dead",
        [(SRC + "sqlite/upkeep.cpp", "beat + lease < ?3", "beat + lease / 10 < ?3")], "test_faults", "sqlite F11*"),
    Bug("a claim that was answered is not repeated when the answer is lost, nor are its jobs handed back",
        [(SRC + "worker/renew.cpp", "    hand_back_strays(shared, life, reply.strays);\n", ""),
         (SRC + "sqlite/claim.cpp", "source.is_repeat = static_cast<std::int64_t>(params_.number) <= served->integer(2);",
          "source.is_repeat = false;")],
        "test_faults", "sqlite F02: an answer is lost at claim.sent_no_reply*"),
    Bug("a job that was handed back counts as lost", [(SRC + "base/state.cpp", "    count(record.counters.released);\n",
                                                      "    count(record.counters.lost);\n")], "test_faults", "sqlite F06*"),
    Bug("waits do not poll", [(SRC + "broker/waits.cpp", "co_await read_all();", "static_cast<void>(0);")],
        "test_faults", "memory F30: half of all notifications are lost: no wait*"),
    Bug("jobs in their last run have neighbours",
        [(SRC + "worker/suspects.cpp", "return job.policy.max_lost > 0 && job.counters.lost >= job.policy.max_lost;",
          "return job.counters.lost > 1'000'000;")], "test_faults", "sqlite F17*"),
    Bug("a stopped worker says no goodbye",
        [(SRC + "worker/worker.cpp", "if (!life.incarnation.empty()) co_await shared->front.retire(life.incarnation);", "")],
        "test_faults", "sqlite F04*"),
    Bug("a worker claims one more than it can run",
        [(SRC + "worker/shared.cpp", "running >= options.concurrency ? 0 : options.concurrency - running;",
          "running >= options.concurrency ? 0 : options.concurrency - running + 1;")], "test_faults", "sqlite F88*"),
    Bug("a job that is stored already is refused",
        [(SRC + "sqlite/push.cpp", "if (row.record.name != job.name || row.record.arguments != job.arguments) {", "if (true) {")],
        "test_faults", "sqlite F27*"),
    Bug("after a lock that held up everybody the first to come buries the others",
        [(SRC + "sqlite/writer.cpp", "session_->unblocked = session_->steady();", "static_cast<void>(0);")],
        "test_faults", "sqlite F49 F58*", range(1, 13)),
]


def run(command, cwd, **more):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)


class Copy:
    """The project once more, built on its own; the compiler cache knows most of it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        files = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT).stdout.split("\0")
        for name in filter(None, files):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)
        self.environment = dict(os.environ, CCACHE_BASEDIR=str(self.folder), CCACHE_NOHASHDIR="1")
        self.environment.pop("COHORT_WRITE_DOCS", None)
        self.must(["cmake", "--preset", "dev", "-DCOHORT_BUILD_EXAMPLES=OFF"])

    def must(self, command):
        done = run(command, self.folder, env=self.environment)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}:\n{done.stdout[-4000:]}")

    def build(self, programs):
        self.must(["ninja", "-j2", "-C", "build/dev", *programs])

    def fails(self, bug):
        """The first line that says what is wrong, or None when all is well with every seed."""
        for seed in bug.seeds:
            done = run([f"build/dev/tests/{bug.program}", bug.tests], self.folder, timeout=300,
                       env=dict(self.environment, COHORT_SEED=str(seed)))
            if "No test cases matched" in done.stdout:
                sys.exit(f"{bug.program} has no test \"{bug.tests}\"")
            if done.returncode != 0:
                lines = [line.strip() for line in done.stdout.split("\n")]
                marks = [i for i, line in enumerate(lines) if "FAILED" in line]
                return lines[marks[0] + 1] if marks else "it crashed"
        return None

    def plant(self, bug):
        before = {}
        for name, old, new in bug.edits:
            path = self.folder / name
            text = path.read_text(encoding="utf-8")
            before.setdefault(path, text)
            if text.count(old) != 1:
                sys.exit(f"\"{bug.name}\" does not fit {name} any more: its text is there {text.count(old)} times")
            path.write_text(text.replace(old, new), encoding="utf-8")
        return before


def write(rows):
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    table = "| planted | caught by |\n| --- | --- |\n" + "".join(f"| {bug} | {test} |\n" for bug, test in rows)
    PAGE.write_text(f"{head}{BEGIN}\n\n{table}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main():
    words = [word for word in sys.argv[1:] if word != "--write"]
    bugs = [bug for bug in BUGS if not words or any(word in bug.name for word in words)]
    rows, escaped = [], 0
    with tempfile.TemporaryDirectory(prefix="cohort-planted-") as folder:
        copy = Copy(folder)
        copy.build(sorted({bug.program for bug in bugs}))
        for bug in bugs:
            wrong = copy.fails(bug)
            if wrong is not None:
                sys.exit(f"without a bug: {bug.tests}: {wrong}")
        for bug in bugs:
            before = copy.plant(bug)
            copy.build([bug.program])
            wrong = copy.fails(bug)
            for path, text in before.items():
                path.write_text(text, encoding="utf-8")
            escaped += wrong is None
            print(f"{'ESCAPED' if wrong is None else 'caught'}: {bug.name}: {bug.tests}: {wrong}", flush=True)
            rows.append((bug.name, f"`{bug.program} \"{bug.tests}\"`"))
    if "--write" in sys.argv and not words and escaped == 0:
        write(rows)
    print(f"{len(bugs)} bugs, {escaped} escaped")
    return 1 if escaped else 0


sys.exit(main())
