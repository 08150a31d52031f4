# SPDX-License-Identifier: MIT
"""Hosts of a test's own on this machine: network namespaces on one bridge, which nothing else is connected to."""
import os
import shutil
import subprocess
import sys

SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Hosts:
    """So many, numbered from 0, while it is entered. Where the machine does not allow it the test is skipped."""

    def __init__(self, count: int) -> None:
        self.name = f"cohort-{os.getpid()}"
        self.count = count

    def __enter__(self) -> "Hosts":
        self.remove_left_over()
        try:
            if shutil.which("ip") is None:
                raise OSError("iproute2 is not installed")
            self.make()
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            print(f"SKIPPED: no network namespaces here: {error}")
            sys.exit(SKIPPED)
        return self

    def make(self) -> None:
        ip("netns", "add", f"{self.name}-hub")
        hub = ["-n", f"{self.name}-hub"]
        ip(*hub, "link", "add", "bridge", "type", "bridge")
        ip(*hub, "link", "set", "bridge", "up")
        for host in range(self.count):
            ip("netns", "add", self.host(host))
            ip(*hub, "link", "add", f"to{host}", "type", "veth", "peer", "name", "eth0", "netns", self.host(host))
            ip(*hub, "link", "set", f"to{host}", "master", "bridge", "up")
            ip("-n", self.host(host), "address", "add", f"{self.address(host)}/24", "dev", "eth0")
            ip("-n", self.host(host), "link", "set", "eth0", "up")
            ip("-n", self.host(host), "link", "set", "lo", "up")

    def __exit__(self, *_: object) -> None:
        for name in [*(self.host(host) for host in range(self.count)), f"{self.name}-hub"]:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)

    def host(self, number: int) -> str:
        return f"{self.name}-{number}"

    def address(self, number: int) -> str:
        return f"10.211.0.{number + 1}"

    def on(self, number: int) -> list:
        """What a command that runs there begins with."""
        return ["ip", "netns", "exec", self.host(number)]

    def cut(self, number: int) -> None:
        """Its cable is out: no packet comes, and nobody is told."""
        ip("-n", f"{self.name}-hub", "link", "set", f"to{number}", "down")

    @staticmethod
    def remove_left_over() -> None:
        """Of a test that was killed."""
        if not os.path.isdir("/run/netns"):
            return
        for name in os.listdir("/run/netns"):
            parts = name.split("-")
            if parts[0] == "cohort" and len(parts) == 3 and not os.path.exists(f"/proc/{parts[1]}"):
                subprocess.run(["ip", "netns", "delete", name], capture_output=True)
