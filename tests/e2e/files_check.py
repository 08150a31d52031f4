# SPDX-License-Identifier: MIT
"""Runs the main job with a worker killed half-way, and compares every file's figures with those of find, sha256sum and wc."""
import json
import os
import subprocess
import sys
import tempfile

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


def check(program: str, folder: bytes, options: list) -> None:
    want = expected(folder)
    run = subprocess.run([program, folder, "--json", *options], capture_output=True, timeout=280)
    if run.returncode != 0:
        sys.exit(f"{program} ended with {run.returncode}:\n{run.stderr.decode(errors='replace')}")
    answer = json.loads(run.stdout)
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


def main() -> None:
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as root:
        awkward_folder(root.encode())
        check(program, root.encode(), [])
    check(program, b"/usr/share/doc", ["--kill"])


main()
