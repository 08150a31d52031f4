# SPDX-License-Identifier: MIT
"""Every test has a time limit of its own.   time_limits.py BUILD_FOLDER"""
import json
import subprocess
import sys

listing = subprocess.run(["ctest", "--test-dir", sys.argv[1], "--show-only=json-v1"], check=True, capture_output=True)
tests = json.loads(listing.stdout)["tests"]
endless = [test["name"] for test in tests
           if not any(item["name"] == "TIMEOUT" and 0 < item["value"] <= 900 for item in test.get("properties", []))]
for name in endless:
    print(f"no time limit: {name}")
print(f"{len(tests)} tests, {len(endless)} without a time limit")
sys.exit(1 if endless or not tests else 0)
