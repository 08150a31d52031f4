# SPDX-License-Identifier: MIT
"""The layer rule: an #include in framework/ stays in its own room or points to a lower level, and each library is met
only where it belongs. docs/architecture.md has the picture.

    layers.py [framework folder]
    layers.py --self-test
"""
import re
import sys
from pathlib import Path

LEVELS = [
    ["base"],
    ["job", "io"],
    ["broker"],
    ["memory", "sqlite", "redis", "rabbitmq", "client", "worker", "queues"],
    ["open", "godx"],
    ["cli", "dashboard"],
]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

# Whose each public header is. One that belongs to two rooms may be included by both, and by all above either.
PUBLIC = {
    "base": "error fwd id log logging record retry schedule shared_text state time url version",
    "job": "awaitable awaitable_fwd catalog codec context decorators job json json_view json_writer options payload register",
    "io": "awaitable awaitable_fwd run sleep",
    "broker": "broker handle inspector under_way",
    "memory": "memory",
    "sqlite": "sqlite",
    "redis": "redis",
    "rabbitmq": "rabbitmq",
    "client": "batch blocking_client client",
    "worker": "worker",
    "open": "cohort open testing worker_main",
    "godx": "godx",
}
ROOMS_OF = {}
for room, headers in PUBLIC.items():
    for header in headers.split():
        ROOMS_OF.setdefault(header, set()).add(room)

# A library and the places, as patterns of paths, that may include it.
LIBRARIES = [
    # What coroutines are made of, without sockets, timers or loops; and what starts one, in sources only.
    (r"boost/asio/(awaitable|any_io_executor|this_coro|cancellation_\w+|error)\.hpp", r".*"),
    (r"boost/asio/(co_spawn|post|dispatch|bind_cancellation_slot)\.hpp", r"src/.*\.cpp|src/io/.*"),
    (r"boost/asio(/.*|\.hpp)", r"src/io/.*"),
    (r"boost/json/fwd\.hpp", r".*"),
    (r"boost/json(/.*|\.hpp)", r"src/job/.*|include/cohort/json\.hpp"),
    (r"spdlog/.*", r"src/base/log\.cpp"),
    (r"date/.*", r"src/base/(cron|schedule)\w*\.[ch]pp"),
    (r"sqlite3\.h", r"src/sqlite/.*"),
    (r"hiredis/.*", r"src/redis/resp\.cpp"),
    (r"openssl/.*", r"src/io/tls\.cpp"),
    (r"amqp(_framing)?\.h", r"src/rabbitmq/codec\.hpp"),
    (r"CLI/.*", r"src/open/.*|cli/.*"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def rooms_of(path):
    """The rooms of a file, named by its path below framework/; empty when nobody said."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return {parts[1]} & LEVEL.keys()
    if parts[0] in LEVEL:  # programs: cli/, dashboard/
        return {parts[0]}
    if parts[:2] == ["include", "cohort"]:
        if parts[2] == "detail":  # templates of jobs, unless the folder below names another room
            return {parts[3]} if parts[3] in LEVEL else {"job"}
        return ROOMS_OF.get(parts[2].removesuffix(".hpp"), set())
    return set()


def may_see(rooms, others):
    """Whether each of these rooms may include what belongs to one of the others."""
    return all(any(other == room or LEVEL[other] < LEVEL[room] for other in others) for room in rooms)


def target_of(path, bracket, name):
    """The path below framework/ that an include of ours means, or None for a library's."""
    if name.startswith("cohort/"):
        return "include/" + name
    if bracket == "<":
        return None
    if "/" in name:
        return "src/" + name
    return path.rsplit("/", 1)[0] + "/" + name


def faults(path, text):
    """(line, message) for each include of the file that breaks the rule."""
    rooms = rooms_of(path)
    if not rooms:
        yield 1, "belongs to no room: give it one in tests/checks/layers.py"
        return
    for number, line in enumerate(text.split("\n"), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        bracket, name = include.groups()
        target = target_of(path, bracket, name)
        if target is None:
            places = next((places for library, places in LIBRARIES if re.fullmatch(library, name)), ".*")
            if not re.fullmatch(places, path):
                yield number, f"<{name}> is met only in {places.replace('.*', '*')}"
            continue
        if path.startswith("include/") and target.startswith("src/"):
            yield number, f"a public header includes the private {name}"
            continue
        others = rooms_of(target)
        if not others:
            yield number, f"{name} belongs to no room: give it one in tests/checks/layers.py"
        elif not may_see(rooms, others):
            here, there = "/".join(sorted(rooms)), "/".join(sorted(others))
            yield number, f"{here} must not include {name} of {there}, which is not below it"


def check(framework):
    bad = checked = 0
    for path in sorted(p for p in framework.rglob("*") if p.suffix in (".hpp", ".cpp", ".h")):
        checked += 1
        for line, message in faults(path.relative_to(framework).as_posix(), path.read_text(encoding="utf-8")):
            bad += 1
            print(f"{path}:{line}: {message}")
    print(f"{checked} files, {bad} faults")
    return 1 if bad else 0


GOOD = [
    ("src/base/log.cpp", "#include <cohort/log.hpp>\n#include <spdlog/spdlog.h>"),
    ("src/io/timer.cpp", '#include "io/timer.hpp"\n#include <boost/asio/steady_timer.hpp>\n#include <cohort/awaitable.hpp>'),
    ("src/job/catalog.cpp", "#include <cohort/catalog.hpp>\n#include <boost/json.hpp>\n#include <cohort/error.hpp>"),
    ("src/sqlite/broker.cpp", '#include "sqlite/broker.hpp"\n#include "io/loop.hpp"\n#include <sqlite3.h>'),
    ("src/worker/claim.cpp", '#include "slot.hpp"\n#include <cohort/broker.hpp>\n#include <boost/asio/awaitable.hpp>'),
    ("src/open/open.cpp", '#include "sqlite/broker.hpp"\n#include <CLI/CLI.hpp>\n#include <cohort/worker.hpp>'),
    ("include/cohort/json.hpp", "#include <boost/json.hpp>\n#include <cohort/codec.hpp>"),
    ("include/cohort/detail/codec.hpp", "#include <cohort/error.hpp>\n#include <boost/json/fwd.hpp>"),
    ("cli/main.cpp", "#include <cohort/open.hpp>"),
]
BAD = [
    ("src/base/record.cpp", "#include <cohort/options.hpp>"),               # up
    ("src/base/record.cpp", "#include <spdlog/spdlog.h>"),
    ("src/io/timer.cpp", "#include <cohort/catalog.hpp>"),                   # sideways
    ("src/job/catalog.cpp", '#include "io/loop.hpp"'),                       # sideways
    ("src/client/waiter.hpp", "#include <boost/asio/co_spawn.hpp>"),         # a header
    ("src/sqlite/broker.cpp", '#include "redis/resp.hpp"'),                  # sideways
    ("src/worker/claim.cpp", "#include <cohort/client.hpp>"),                # sideways
    ("src/worker/claim.cpp", '#include "memory/broker.hpp"'),                # a backend
    ("src/worker/claim.cpp", "  #  include <boost/asio/steady_timer.hpp>"),
    ("src/client/client.cpp", "#include <cohort/open.hpp>"),                 # up
    ("src/broker/front.cpp", '#include "client/waiter.hpp"'),                # up
    ("include/cohort/record.hpp", "#include <cohort/awaitable.hpp>"),        # up
    ("include/cohort/client.hpp", '#include "client/waiter.hpp"'),           # private
    ("include/cohort/job.hpp", "#include <boost/json.hpp>"),
    ("include/cohort/surprise.hpp", ""),                                     # nobody's
    ("include/cohort/client.hpp", "#include <cohort/surprise.hpp>"),
    ("src/surprise/x.cpp", ""),
]


def self_test():
    failed = 0
    for expected, snippets in ((0, GOOD), (1, BAD)):
        for path, text in snippets:
            found = list(faults(path, text))
            if len(found) != expected:
                failed += 1
                print(f"{path}: expected {expected} faults, found {found}")
    print("layer rule self-test:", f"{failed} failed" if failed else "all as expected")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test())
    sys.exit(check(Path(sys.argv[1] if sys.argv[1:] else Path(__file__).resolve().parents[2] / "framework")))
