# SPDX-License-Identifier: MIT
"""Every C++ file is as clang-format leaves it.   format.py CLANG-FORMAT [--fix]"""
import re
import subprocess
import sys

import tree

paths = [str(path) for path in tree.sources(".cpp", ".hpp")]
if "--fix" in sys.argv:
    sys.exit(subprocess.run([sys.argv[1], "-i", *paths]).returncode)

run = subprocess.run([sys.argv[1], "--dry-run", "-Werror", *paths], stderr=subprocess.PIPE, text=True)
places = re.findall(r"^(\S+?):(\d+):\d+: error", run.stderr, re.MULTILINE)
first = {}
for path, line in places:
    first.setdefault(path, line)
for path, line in first.items():
    print(f"{path}:{line}: not as clang-format leaves it")
if first:
    print(f"{len(first)} files; tests/checks/format.py {sys.argv[1]} --fix formats them")
sys.exit(run.returncode)
