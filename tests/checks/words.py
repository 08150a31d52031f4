# SPDX-License-Identifier: MIT
"""What must not be in the project's text, and what must: no paths of somebody's machine, no notes to oneself, a licence
line at the top of every source, and a section for unreleased changes in the changelog."""
import re
import sys

import tree

# Written in pieces, so that this file passes its own check.
FORBIDDEN = [
    (re.compile(r"(?<![\w.~}])/(?:home|root|work|Users)" + r"/"), "a path of somebody's machine"),
    (re.compile(r"\bFIX" + r"ME\b"), "a note to oneself: finish it, or write it as TO" + "DO(kind)"),
    (re.compile(r"\bTO" + r"DO(?!\((?:soon|perf|port)\): )"), "a TO" + "DO without a kind that may stay: soon, perf, port"),
]
NEEDS_LICENCE = {".cpp", ".hpp", ".py", ".cmake", ".sh", ".lua", ".sql"}


def faults(path):
    text = tree.text_of(path)
    if text is None:
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        for pattern, why in FORBIDDEN:
            if pattern.search(line):
                yield number, f"{why}: {line.strip()}"
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    if (path.suffix in NEEDS_LICENCE or path.name == "CMakeLists.txt") and "SPDX-License-Identifier: MIT" not in first:
        yield 1, "the first line names the licence: SPDX-License-Identifier: MIT"


bad = 0
for path in tree.files():
    for line, message in faults(path):
        bad += 1
        print(f"{path.relative_to(tree.ROOT)}:{line}: {message}")

changelog = tree.ROOT / "CHANGELOG.md"
if not changelog.is_file() or "\n## [Unreleased]" not in changelog.read_text(encoding="utf-8"):
    bad += 1
    print("CHANGELOG.md: has no section ## [Unreleased]")

print(f"{bad} faults")
sys.exit(1 if bad else 0)
