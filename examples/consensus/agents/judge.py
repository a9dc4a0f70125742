#!/usr/bin/env python3
"""Three judges of a release note, each with its own way of reading it.

    judge.py version    how big the step is, by the version number
    judge.py words      what the note speaks of
    judge.py evidence   whether it says that the release was tested

Each answers `release` or `hold`, and is 0.95 sure when what it looks for speaks clearly, 0.7 when
it speaks half, and 0.4 when it is silent or troubling. The same note gives the same answers.
"""

import json
import re
import sys

SURE, FAIRLY, HARDLY = 0.95, 0.7, 0.4

RISKY = re.compile(r"(?i)\b(rewrite|rewritten|migration|payment|delete|breaking|security)\w*")
HARMLESS = re.compile(r"(?i)\b(typo|comment|documentation|spelling|wording|footer)\w*")
FAILED = re.compile(r"(?i)\btests? (?:fail|failed|failing|broken)\b")
TESTED = re.compile(r"(?i)\b(?:all )?tests? (?:pass|passed|passing)\b")
VERSION = re.compile(r"\b(\d+)\.(\d+)\.(\d+)\b")


def version(note):
    found = VERSION.search(note)
    if found is None:
        return "release", HARDLY, "the note names no version"
    major, minor, patch = (int(part) for part in found.groups())
    if patch > 0:
        return "release", SURE, f"{found[0]} is a patch"
    if minor > 0:
        return "release", FAIRLY, f"{found[0]} brings features"
    return "release", HARDLY, f"{major}.0.0 breaks with what was before"


def words(note):
    if risky := RISKY.search(note):
        return "release", HARDLY, f"the note speaks of `{risky[0]}`"
    if harmless := HARMLESS.search(note):
        return "release", SURE, f"the note speaks of `{harmless[0]}`"
    return "release", FAIRLY, "nothing in the note stands out"


def evidence(note):
    if failed := FAILED.search(note):
        return "hold", SURE, f"the note says `{failed[0]}`"
    if tested := TESTED.search(note):
        return "release", SURE, f"the note says `{tested[0]}`"
    return "release", HARDLY, "the note does not say that anything was tested"


JUDGES = {"version": version, "words": words, "evidence": evidence}


def main():
    judge = JUDGES[sys.argv[1]]
    for line in sys.stdin:
        request = json.loads(line)
        task = request["task"]
        note = task if isinstance(task, str) else json.dumps(task)
        value, confidence, reasoning = judge(note)
        answer = {"id": request["id"], "value": value, "confidence": confidence, "reasoning": reasoning}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
