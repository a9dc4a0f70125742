#!/usr/bin/env python3
"""Counts, on the labelled cases, how often each rule is right, wrong, or silent.

    python3 tests/measure.py           shows what differs from the labels
    python3 tests/measure.py --write   writes agents/evidence.json
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
AGENTS = HERE.parent / "agents"
sys.path.insert(0, str(AGENTS))

import complexity  # noqa: E402
import coverage  # noqa: E402
import safety  # noqa: E402
import secret_scan  # noqa: E402
from labelled import CASES  # noqa: E402
from sources import LANGUAGES, Source  # noqa: E402

REVIEWS = {
    "secrets": secret_scan.review,
    "complexity": complexity.review,
    "safety": safety.review,
    "coverage": coverage.review_file,
}


def hits():
    """Per agent, the places where its rules spoke: (path, line, rule)."""
    found = {agent: set() for agent in REVIEWS}
    for agent, path, text, _ in CASES:
        for finding in REVIEWS[agent](source(path, text)):
            found[agent].add((path, finding.line, finding.rule))
    packages = [source(path, text) for agent, path, text, _ in CASES if agent == "coverage"]
    for finding in coverage.review_tests([s for s in packages if "/src/" in s.path or "/tests/" in s.path]):
        found["coverage"].add((finding.file, finding.line, finding.rule))
    return found


def source(path, text):
    return Source(path, text, LANGUAGES[Path(path).suffix])


def labels():
    marked = {agent: set() for agent in REVIEWS}
    for agent, path, _, marks in CASES:
        marked[agent].update((path, line, rule) for line, rule in marks)
    return marked


def evidence():
    """The counts per agent and rule, as `agents/evidence.json` holds them."""
    counted = {}
    found, marked = hits(), labels()
    for agent in sorted(REVIEWS):
        rules = sorted({rule for _, _, rule in found[agent] | marked[agent]})
        counted[agent] = {
            rule: {
                "right": sum(1 for hit in found[agent] & marked[agent] if hit[2] == rule),
                "wrong": sum(1 for hit in found[agent] - marked[agent] if hit[2] == rule),
                "missed": sum(1 for mark in marked[agent] - found[agent] if mark[2] == rule),
            }
            for rule in rules
        }
    return counted


def main():
    found, marked = hits(), labels()
    for agent in sorted(REVIEWS):
        for path, line, rule in sorted(found[agent] - marked[agent]):
            print(f"wrong   {agent}: {path}:{line} {rule}")
        for path, line, rule in sorted(marked[agent] - found[agent]):
            print(f"missed  {agent}: {path}:{line} {rule}")
    if "--write" in sys.argv[1:]:
        text = json.dumps(evidence(), indent=2) + "\n"
        (AGENTS / "evidence.json").write_text(text)


if __name__ == "__main__":
    main()
