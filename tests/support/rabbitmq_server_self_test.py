#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server that is not installed is skipped; one that is, and does not start, fails whatever needs it."""
import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
import rabbitmq_server


def start(folder, programs):
    """What "start" returns, and what it says."""
    rabbitmq_server.programs = lambda: programs
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = rabbitmq_server.start(folder)
    return code, said.getvalue()


def main():
    with tempfile.TemporaryDirectory() as place:
        scripts = Path(place, "sbin")
        scripts.mkdir()
        for name in ("rabbitmq-server", "epmd"):
            script = scripts / name
            script.write_text("#!/bin/sh\necho 'BOOT FAILED'\nexit 1\n")
            script.chmod(0o755)
        os.environ["PATH"] = f"{scripts}:{os.environ['PATH']}"
        folder = Path(place, "rabbitmq")

        code, said = start(folder, None)
        assert code == 0 and said.startswith("SKIPPED: "), (code, said)

        code, said = start(folder, scripts)
        assert code != 0 and "SKIPPED" not in said and "BOOT FAILED" in said, (code, said)
        assert not folder.exists(), "tests would take it for one that runs"
    return 0


if __name__ == "__main__":
    sys.exit(main())
