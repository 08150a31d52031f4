# SPDX-License-Identifier: MIT
"""Runs the main job, and compares every file's figures with those of find, sha256sum and wc.

files_check.py PROGRAM         through a file of its own; and with a worker killed half-way
files_check.py PROGRAM redis   through a Redis server; and with a worker killed half-way
files_check.py PROGRAM hosts   the server, the client and three workers on hosts of their own, of which one vanishes
"""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import hosts

ENVIRONMENT = dict(os.environ, LC_ALL="C")


def awkward_folder(root: bytes) -> None:
    """Names and contents that are easy to get wrong."""
    os.makedirs(os.path.join(root, b"sub dir/deeper"))
    contents = {
        b"empty": b"",
        b"no newline at the end": b"one two",
        b"not utf-8 \xff\xfe.txt": b"three words here\n",
        b"new\nline": b"a\nb\n",
        b"sub dir/same": b"duplicate\n" * 1000,
        b"sub dir/deeper/same": b"duplicate\n" * 1000,
        b"binary": bytes(range(256)) * 500,
        b"spaces": b" \t\v\f\r\n  x\x80y \x80 z\n",
        b'quote"\\': b"q\n",
    }
    for name, content in contents.items():
        with open(os.path.join(root, name), "wb") as file:
            file.write(content)
    os.symlink(b"empty", os.path.join(root, b"link"))
    os.mkfifo(os.path.join(root, b"pipe"))


def expected(folder: bytes) -> dict:
    """path → (sha256, bytes, lines, words), as the standard tools see them."""
    found = subprocess.run([b"find", b"-P", folder, b"-type", b"f", b"-print0"], check=True, capture_output=True).stdout
    paths = [path for path in found.split(b"\0") if path]
    figures = {}
    for start in range(0, len(paths), 500):
        piece = paths[start:start + 500]
        # One line a file: escaped names would shift it, so both read from standard input, in order, by number.
        sums = subprocess.run([b"sha256sum", b"-z", b"--"] + piece, check=True, capture_output=True).stdout.split(b"\0")
        counts = subprocess.run([b"wc", b"-lwc", b"--"] + piece, check=True, capture_output=True, env=ENVIRONMENT).stdout
        rows = [row.split(maxsplit=3) for row in unfold(counts, piece)]
        for path, line, row in zip(piece, sums, rows):
            figures[path] = (line.split(b" ", 1)[0].decode(), int(row[2]), int(row[0]), int(row[1]))
    return figures


def unfold(counts: bytes, piece: list) -> list:
    """The rows of wc, also where a name holds a newline (wc then quotes it, one row a file all the same)."""
    rows = counts.split(b"\n")
    return rows[:len(piece)]


def check(command: list, folder: bytes, options: list, meanwhile=lambda: None) -> None:
    want = expected(folder)
    with subprocess.Popen([*command, folder, "--json", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        meanwhile()
        out, errors = run.communicate(timeout=280)
    if run.returncode != 0:
        sys.exit(f"{command} ended with {run.returncode}:\n{errors.decode(errors='replace')}")
    answer = json.loads(out)
    got = {bytes.fromhex(f["path_hex"]): (f["sha256"], f["bytes"], f["lines"], f["words"]) for f in answer["each"]}
    if len(answer["each"]) != len(got):
        sys.exit("a file was counted twice")
    for path in sorted(set(want) | set(got)):
        if want.get(path) != got.get(path):
            sys.exit(f"{path!r}: expected {want.get(path)}, got {got.get(path)}")
    totals = [sum(column) for column in list(zip(*want.values()))[1:]] if want else [0, 0, 0]
    if [answer["bytes"], answer["lines"], answer["words"]] != totals or answer["files"] != len(want):
        sys.exit(f"totals differ: {answer['files']} files, expected {len(want)}")
    print(f"{folder!r}: {len(want)} files agree, {answer['seconds']:.1f} s, options {options}")


@contextlib.contextmanager
def running(command: list):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def redis_server(address: str, port: int, prefix: list):
    """Answers when it is entered."""
    with tempfile.TemporaryDirectory() as folder, running(
            [*prefix, "redis-server", "--bind", address, "--port", str(port), "--dir", folder, "--save", "", "--protected-mode", "no"]):
        ping = [*prefix, "redis-cli", "-h", address, "-p", str(port), "ping"]
        for _ in range(200):
            if subprocess.run(ping, capture_output=True).stdout == b"PONG\n":
                break
            time.sleep(0.05)
        else:
            sys.exit("redis-server does not answer")
        yield f"redis://{address}:{port}"


def free_port() -> int:
    with contextlib.closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def on_hosts(program: str) -> None:
    worker = [program + "_worker", "--queues", "files", "--concurrency", "4", "--lease", "2s", "--upkeep", "500ms"]
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(hosts.Hosts(5))
        url = stack.enter_context(redis_server(place.address(0), 7000, place.on(0)))
        for host in (1, 2, 3):
            stack.enter_context(running([*place.on(host), *worker, "--broker", url]))

        def vanish():
            time.sleep(1.5)
            place.cut(1)

        check([*place.on(4), program], b"/usr/share/doc", ["--broker", url, "--workers", "0"], vanish)


def main() -> None:
    program = sys.argv[1]
    place = sys.argv[2] if len(sys.argv) > 2 else "file"
    if place != "file" and shutil.which("redis-server") is None:
        print("SKIPPED: redis-server is not installed")
        sys.exit(hosts.SKIPPED)
    if place == "hosts":
        on_hosts(program)
        return
    with contextlib.ExitStack() as stack:
        options = []
        if place == "redis":
            options = ["--broker", stack.enter_context(redis_server("127.0.0.1", free_port(), []))]
        root = stack.enter_context(tempfile.TemporaryDirectory())
        awkward_folder(root.encode())
        check([program], root.encode(), options)
        check([program], b"/usr/share/doc", [*options, "--kill"])


main()
