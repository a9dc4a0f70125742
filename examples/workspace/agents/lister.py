#!/usr/bin/env python3
"""Looks into the workspace of a run: how many files there are, and of which kinds."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

MAX_FILES = 10_000
# What tools make is nobody's work.
SKIPPED = ("node_modules", "target")


def look(path):
    kinds, total = Counter(), 0
    for _, folders, names in os.walk(path):
        folders[:] = sorted(
            folder for folder in folders if not folder.startswith(".") and folder not in SKIPPED
        )
        for name in sorted(names):
            total += 1
            kinds[Path(name).suffix or "none"] += 1
            if total == MAX_FILES:
                return kinds, total
    return kinds, total


def answer(request):
    """The old way puts everything into the task, the new one the path into the input."""
    given = {}
    for part in (request.get("task"), request.get("input")):
        given.update(part if isinstance(part, dict) else {})
    path = given.get("workspacePath")
    if not isinstance(path, str) or not Path(path).is_dir():
        message = f"there is no workspace at {path!r}"
        return {"error": {"message": message, "retryable": False}}
    kinds, total = look(path)
    common = [{"kind": kind, "files": n} for kind, n in kinds.most_common(5)]
    sure = 1.0 if total < MAX_FILES else 0.5
    return {"value": {"files": total, "kinds": common}, "confidence": sure}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"id": request["id"], **answer(request)}), flush=True)


if __name__ == "__main__":
    main()
