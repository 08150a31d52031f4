# SPDX-License-Identifier: MIT
"""The project's own files: what the checks read."""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIP = {"build", ".git", ".cache", "__pycache__"}
SOURCES = ("framework", "examples", "tests", "benchmarks")


def files(folder=ROOT):
    """Every file below the folder, build trees left out."""
    for path in sorted(folder.iterdir()):
        if path.name in SKIP:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from files(path)
        elif path.is_file():
            yield path


def sources(*suffixes):
    """The files of the source folders that end so."""
    for folder in SOURCES:
        yield from (path for path in files(ROOT / folder) if path.suffix in suffixes)


def text_of(path):
    """The file's text, or None when it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
