# SPDX-License-Identifier: MIT
"""Small files: none over 500 lines, and half of them under 120."""
import statistics
import sys

import tree

LIMIT, MEDIAN = 500, 120

lengths = {}
for path in tree.sources(".hpp", ".cpp", ".py", ".cmake", ".lua", ".sql"):
    text = tree.text_of(path)
    lengths[path.relative_to(tree.ROOT).as_posix()] = text.count("\n")

too_long = {path: length for path, length in lengths.items() if length > LIMIT}
for path, length in too_long.items():
    print(f"{path}: {length} lines, the limit is {LIMIT}: split it by verb or by noun")

for folder in tree.SOURCES:
    own = sorted(length for path, length in lengths.items() if path.startswith(folder + "/"))
    if own:
        ninth = own[len(own) * 9 // 10]
        print(f"{folder}: {len(own)} files, median {statistics.median(own):.0f}, nine of ten under {ninth + 1}, longest {own[-1]}")

median = statistics.median(lengths.values())
print(f"median of all: {median:.0f}, to be under {MEDIAN}")
sys.exit(1 if too_long or median >= MEDIAN else 0)
