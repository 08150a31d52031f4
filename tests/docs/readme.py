# SPDX-License-Identifier: MIT
"""The README's first program, built and run.

    readme.py extract README.md PROGRAM.cpp    writes the program: the first ```cpp blocks, up to the one with main()
    readme.py run README.md EXECUTABLE         runs it in an empty folder and compares what it prints

What is promised to be printed is in lines of the program that end in `// prints: TEXT`, or behind it in the README: It
prints `TEXT`. The promises come in order.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LAST_LINE_OF_START = 25  # a reader meets the program on the first screen
SECONDS = 30


def program(readme):
    """(line, text) of the first program."""
    first, blocks, block = None, [], None
    for number, line in enumerate(readme.read_text(encoding="utf-8").split("\n"), 1):
        if block is None and line.strip() == "```cpp":
            block = []
            first = first or number
        elif block is not None and line.strip() == "```":
            blocks.append("\n".join(block) + "\n")
            if re.search(r"\bint main\(", blocks[-1]):
                return first, "\n".join(blocks)
            block = None
        elif block is not None:
            block.append(line)
    sys.exit(f"{readme}: no ```cpp blocks that end with a main()")


def extract(readme, target):
    line, text = program(readme)
    if line > LAST_LINE_OF_START:
        sys.exit(f"{readme}:{line}: the first program must begin by line {LAST_LINE_OF_START}")
    Path(target).write_text(f'#line {line + 1} "{readme}"\n{text}', encoding="utf-8")


def run(readme, executable):
    _, text = program(readme)
    promised = re.findall(r"// prints: (.*?)\s*$", text, re.MULTILINE)
    promised += re.findall(r"^It prints `(.*?)`", readme.read_text(encoding="utf-8"), re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([Path(executable).resolve()], cwd=folder, timeout=SECONDS, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    print(done.stdout + done.stderr)
    if done.returncode:
        sys.exit(f"the program ended with {done.returncode}")
    at = 0
    for line in promised:
        found = done.stdout.find(line, at)
        if found < 0:
            sys.exit(f"the program does not print: {line}")
        at = found + len(line)
    if not promised:
        sys.exit(f"{readme}: the program promises nothing; add `// prints: …` where it prints")


if __name__ == "__main__":
    action, readme, other = sys.argv[1:]
    {"extract": extract, "run": run}[action](Path(readme), other)
