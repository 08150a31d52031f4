# SPDX-License-Identifier: MIT
"""Programs that must not compile, and the sentence that must say why.

    check.py COMPILER FLAGS… [-- FILE…]

Each file names its sentence in a line "// expect: …"; "no error" means that it must compile. A fault is to be one or two
errors, not a page of them.
"""
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MOST_ERRORS = 2


def check(command, path):
    """What is wrong with the file's behaviour, or None."""
    expected = re.search(r"^// expect: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    if not expected:
        return 'has no line "// expect: …"'
    done = subprocess.run([*command, "-fsyntax-only", str(path)], capture_output=True, text=True)
    output = done.stdout + done.stderr
    errors = len(re.findall(r"\berror: ", output))
    sentence = expected.group(1)
    if sentence == "no error":
        return f"does not compile:\n{output}" if done.returncode else None
    if done.returncode == 0:
        return f"compiles, but should say: {sentence}"
    # Compilers quote the sentence as it stands in the source, escapes included or not.
    if sentence not in output.replace("\\\"", "\""):
        return f"does not say: {sentence}\n{output}"
    if errors > MOST_ERRORS:
        return f"says it in {errors} errors:\n{output}"
    return None


def precompile(command, folder):
    """What all of them include, compiled once; returns the command that uses it."""
    header = folder / "first.hpp"
    header.write_text("#include <cohort/job.hpp>\n", encoding="utf-8")
    subprocess.run([*command, "-x", "c++-header", str(header), "-o", f"{header}.gch"], check=True)
    return [*command, "-include", str(header)]


def main():
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    command = [*arguments[:split], "-std=c++20"]
    files = [Path(name) for name in arguments[split + 1:]] or sorted(Path(__file__).parent.glob("*.cpp"))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=2) as pool:
        prepared = precompile(command, Path(folder))
        results = list(pool.map(lambda path: check(prepared, path), files))
    bad = [(path, result) for path, result in zip(files, results) if result]
    for path, result in bad:
        print(f"{path.name}: {result}\n")
    print(f"{len(files)} files, {len(bad)} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
