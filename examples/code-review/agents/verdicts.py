"""From findings to a verdict, with a confidence that says where it comes from.

Rules and their evidence
    Each rule has a severity. How far it can be trusted was counted on the labelled cases of
    `tests/labelled.py`: `evidence.json` holds, per rule, how many hits were right and wrong and
    how many labelled places were missed. With Laplace's estimate

        precision   = (right + 1) / (right + wrong + 2)     of a rule
        sensitivity = (right + 1) / (right + missed + 2)    of all rules of an agent together

Verdict
    A finding is true with the precision of its rule, independently of the others. A true
    critical finding means `reject`. Otherwise a true major finding costs 10 points, a minor one
    1 point, and the code may have 10 points plus 10 per thousand lines; more means `changes`,
    else `approve`. This gives each of the three a probability; the verdict is the likeliest.

Confidence
    probability of the verdict
      x  share of the lines that were read cleanly, at the low end of its 95 % interval (Wilson),
         so that little code or much unread code makes any verdict uncertain
      x  sensitivity, for `approve` only: silence proves something only if the rules would speak
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

CRITICAL, MAJOR, MINOR = "critical", "major", "minor"
POINTS = {MAJOR: 10, MINOR: 1}
ALLOWED_POINTS = 10
ALLOWED_POINTS_PER_LINE = 0.01

# Findings that an answer lists; the summary counts all.
MAX_LISTED = 200

EVIDENCE = Path(__file__).with_name("evidence.json")


@dataclass(frozen=True)
class Finding:
    file: str
    line: int
    rule: str
    severity: str
    message: str


def answer(agent, findings, sources):
    """What an agent answers: `(value, confidence, reasoning)`."""
    findings = sorted(set(findings), key=order)
    evidence = json.loads(EVIDENCE.read_text())[agent]
    clean = sum(source.lines for source in sources.files if source.is_clean)
    found = sources.lines + sources.skipped_lines
    chances = probabilities(findings, sources.lines, evidence)
    verdict = max(chances, key=lambda name: chances[name])
    read = wilson_low(clean, found)
    sense = sensitivity(evidence) if verdict == "approve" else 1.0
    value = {
        "agent": agent,
        "verdict": verdict,
        "findings": [asdict(finding) for finding in findings[:MAX_LISTED]],
        "summary": summary(findings, sources),
        "counts": counts(findings),
        "files": len(sources.files),
        "lines": sources.lines,
        "skipped": sources.skipped[:20],
    }
    reasoning = (
        f"{verdict} has probability {chances[verdict]:.3f} by the precision of the rules, "
        f"at least {read:.3f} of the code was read cleanly ({clean} of {found} lines)"
    )
    if verdict == "approve":
        reasoning += f", and the rules find {sense:.3f} of labelled problems"
    return value, chances[verdict] * read * sense, reasoning


def order(finding):
    rank = {CRITICAL: 0, MAJOR: 1, MINOR: 2}[finding.severity]
    return (rank, finding.file, finding.line, finding.rule, finding.message)


def counts(findings):
    result = {CRITICAL: 0, MAJOR: 0, MINOR: 0}
    for finding in findings:
        result[finding.severity] += 1
    return result


def summary(findings, sources):
    by = counts(findings)
    parts = [f"{by[severity]} {severity}" for severity in by if by[severity]]
    what = ", ".join(parts) if parts else "nothing found"
    return f"{what} in {len(sources.files)} files, {sources.lines} lines"


def probabilities(findings, lines, evidence):
    """The chance of each verdict; the three add up to 1."""
    none_critical = 1.0
    for finding in findings:
        if finding.severity == CRITICAL:
            none_critical *= 1.0 - precision(evidence, finding.rule)
    rest = [(POINTS[f.severity], precision(evidence, f.rule)) for f in findings if f.severity in POINTS]
    allowed = ALLOWED_POINTS + ALLOWED_POINTS_PER_LINE * lines
    too_many = chance_above(rest, allowed)
    return {
        "reject": 1.0 - none_critical,
        "changes": none_critical * too_many,
        "approve": none_critical * (1.0 - too_many),
    }


def precision(evidence, rule):
    seen = evidence.get(rule, {"right": 0, "wrong": 0})
    return (seen["right"] + 1) / (seen["right"] + seen["wrong"] + 2)


def sensitivity(evidence):
    right = sum(seen["right"] for seen in evidence.values())
    missed = sum(seen["missed"] for seen in evidence.values())
    return (right + 1) / (right + missed + 2)


def chance_above(weighted, allowed):
    """The chance that the points of the true findings exceed what is allowed: exact for up to
    300 findings, by the normal approximation beyond."""
    if len(weighted) > 300:
        mean = sum(points * p for points, p in weighted)
        variance = sum(points * points * p * (1 - p) for points, p in weighted)
        return 0.5 * math.erfc((allowed - mean) / math.sqrt(2 * variance))
    chances = {0: 1.0}
    for points, p in weighted:
        grown = {}
        for total, chance in chances.items():
            grown[total] = grown.get(total, 0.0) + chance * (1 - p)
            grown[total + points] = grown.get(total + points, 0.0) + chance * p
        chances = grown
    return sum(chance for total, chance in chances.items() if total > allowed)


def wilson_low(right, total):
    """The low end of the 95 % interval of a share; 0 when there is nothing to count."""
    if total == 0:
        return 0.0
    z = 1.96
    share = right / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, (centre - spread) / (1 + z * z / total))
