#!/usr/bin/python3
"""The failed tests of a CTRF report, and what came of trying them once more.

  second-try.py methods REPORT          one line for each method with failed tests; nothing when there are more than LIMIT, since that is no accident
  second-try.py merge REPORT SECOND     tests of REPORT that failed and passed in SECOND are passed and marked flaky
"""

import json
import pathlib
import sys

LIMIT = 4


def load(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def methods(report):
    failed = [test for test in load(report)["results"]["tests"] if test["status"] != "passed"]
    names = sorted({f"{test['extra']['type']}.{test['extra']['method']}" for test in failed})
    if len(names) <= LIMIT:
        print("\n".join(names))


def merge(report, second):
    whole, again = load(report), {test["name"]: test["status"] for test in load(second)["results"]["tests"]}
    for test in whole["results"]["tests"]:
        if test["status"] != "passed" and again.get(test["name"]) == "passed":
            test["status"], test["flaky"], test["retries"] = "passed", True, 1
    pathlib.Path(report).write_text(json.dumps(whole), encoding="utf-8")


if sys.argv[1] == "methods":
    methods(sys.argv[2])
else:
    merge(sys.argv[2], sys.argv[3])
