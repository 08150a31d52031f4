# SPDX-License-Identifier: MIT
"""Every test has a time limit of its own: a quarter of an hour at most, but at night.   time_limits.py BUILD_FOLDER"""
import json
import subprocess
import sys

listing = subprocess.run(["ctest", "--test-dir", sys.argv[1], "--show-only=json-v1"], check=True, capture_output=True)
# A room that was not built has a test of that name, which fails by itself.
tests = [test for test in json.loads(listing.stdout)["tests"] if not test["name"].endswith(": not built")]


def is_limited(test):
    properties = {item["name"]: item["value"] for item in test.get("properties", [])}
    most = 4 * 3600 if "nightly" in properties.get("LABELS", []) else 900
    return 0 < properties.get("TIMEOUT", 0) <= most


endless = [test["name"] for test in tests if not is_limited(test)]
for name in endless:
    print(f"no time limit: {name}")
print(f"{len(tests)} tests, {len(endless)} without a time limit")
sys.exit(1 if endless or not tests else 0)
