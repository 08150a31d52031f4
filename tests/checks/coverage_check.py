# SPDX-License-Identifier: MIT
"""Does tests/support/coverage.py count what it should?   coverage_check.py CXX

Builds a program of which one run reaches five lines of six, and asks for less and for more than that.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

TOOL = Path(__file__).resolve().parents[1] / "support/coverage.py"
SOURCE = """int half(bool both) {
    if (both)
        return 2;
    return 1;
}
int main() { return half(false) - 1; }
"""


def main(compiler):
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        source, build = root / "framework/src/room/half.cpp", root / "build"
        source.parent.mkdir(parents=True)
        source.write_text(SOURCE, encoding="utf-8")
        (build / "tests").mkdir(parents=True)
        program = build / "tests/program"
        subprocess.run([compiler, "-fprofile-instr-generate", "-fcoverage-mapping", source, "-o", program], check=True)
        subprocess.run([program], check=True, env={"LLVM_PROFILE_FILE": str(build / "counts/%4m.profraw")})

        def ask(least):
            return subprocess.run([sys.executable, TOOL, build, "--root", root, "--least", str(least)], check=False,
                                  capture_output=True, text=True)

        enough, too_little = ask(83), ask(84)
        assert enough.returncode == 0, enough
        assert "room            5 of      6   83.3 %" in enough.stdout, enough.stdout
        assert too_little.returncode == 1, too_little
        assert "at least 84 %" in too_little.stdout, too_little.stdout


if __name__ == "__main__":
    main(sys.argv[1])
