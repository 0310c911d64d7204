#!/usr/bin/python3
"""Adds up the CTRF reports of a test run; the last line is `N passed, N failed`.

Exit code 1 if a test failed, if a test program ended without a report (counted as one failure), or if nothing ran.
"""

import json
import pathlib
import sys

results = pathlib.Path(sys.argv[1])
passed = failed = 0
for report in sorted(results.glob("*.json")):
    for test in json.loads(report.read_text(encoding="utf-8"))["results"]["tests"]:
        if test["status"] == "passed":
            passed += 1
            if test.get("flaky"):
                print(f"PASSED ONLY AT THE SECOND TRY {report.stem}: {test['name']}")
        else:
            failed += 1
            print(f"{test['status'].upper()} {report.stem}: {test['name']}")
for crash in sorted(results.glob("*.crashed")):
    failed += 1
    print(f"CRASHED {crash.stem}: {crash.read_text().strip()}")
print(f"{passed} passed, {failed} failed")
sys.exit(0 if passed and not failed else 1)
