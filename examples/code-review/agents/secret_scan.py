#!/usr/bin/env python3
"""Looks for secrets in any text file, and for commands and queries put together from text.

A secret is recognised by the form of a known kind of key, or by a name like `password` beside a
string that looks random (Shannon entropy). An injection is a command or query that is built by
interpolation and then handed to a shell, a database or an interpreter.
"""

import math
import re
from collections import Counter

import protocol
import sources
import verdicts
from masking import mask
from regions import is_test_file
from verdicts import CRITICAL, MAJOR, MINOR, Finding

KEYS = [
    ("private-key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?!\S*(?:X{3}|\.\.\.))"), "a private key"),
    ("cloud-key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "an AWS access key"),
    ("cloud-key", re.compile(r"\bAIza[\w-]{35}\b"), "a Google API key"),
    ("token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"), "a GitHub token"),
    ("token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b"), "a Slack token"),
    ("token", re.compile(r"\bsk_live_[A-Za-z0-9]{20,}\b"), "a Stripe key"),
    ("token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"), "a signed web token"),
    ("password-in-url", re.compile(r"\b[a-z][a-z0-9+]*://[^\s:/@'\"{}$<>]+:([^\s:/@'\"{}$<>]{4,})@"), "a password in an address"),
]

NAMED = re.compile(
    r"""(?i)\b([\w-]*(?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|private[_-]?key)[\w-]*)["']?\s*(?::\s*&?[\w<>' ]+=|:=|=|:)\s*(?:r|b|&|Some\()?\s*["']([^"'\n]{8,})["']"""
)
PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|dummy|changeme|change-me|your[_-]|xxx|\*\*\*|<[^>]*>|\$\{|\{\{|%\(|^\$|test|fake|sample|not[_-]?a|redacted|^[a-z]+(?:[ _.-][a-z]+)*$"
)
# Nobody writes a longer line: it is data, or a program made for machines.
MAX_LINE = 2_000
# Names of things around a secret.
NOT_SECRET = re.compile(r"(?i)(?:name|id|path|file|url|field|header|hash|env|var)$")
# Bits per character from which a named value counts as random.
RANDOM_BITS = 3.2

# The beginning of a query, in capitals or in small letters throughout.
QUERY = (
    r"(?:SELECT\s[^\"'`\n]{1,300}?\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM"
    r"|select\s[^\"'`\n]{1,300}?\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from)"
)

# Rule, severity, languages, pattern in the code with its strings, message.
INJECTIONS = [
    ("shell-injection", CRITICAL, ("python",),
     re.compile(r"\b(?:os\.system|os\.popen|subprocess\.getoutput)\s*\(\s*(?:f[\"']|[^)\n]{0,300}[\"']\s*[+%]|[^)\n]{0,300}\.format\()"),
     "a shell command is built from text"),
    ("shell-injection", CRITICAL, ("python",),
     re.compile(r"\bsubprocess\.\w+\s*\(\s*(?:f[\"']|[^)\n\[]{0,300}[\"']\s*[+%]|[^)\n\[]{0,300}\.format\()[^\n]{0,300}shell\s*=\s*True"),
     "a shell command is built from text"),
    ("shell-injection", CRITICAL, ("javascript",),
     re.compile(r"(?:(?<![\w.])|\b(?:child_process|cp)\.)(?:exec|execSync)\s*\(\s*(?:`[^`\n]{0,300}\$\{|[^)\n]{0,300}[\"']\s*\+)"),
     "a shell command is built from text"),
    ("shell-injection", CRITICAL, ("rust",),
     re.compile(r"\.arg\(\s*\"-c\"\s*\)\s*\.arg\(\s*&?\s*format!"),
     "a shell command is built from text"),
    ("query-injection", CRITICAL, ("python", "javascript", "rust"),
     re.compile(
         rf"(?:f\"|format!\(\s*r?#*\")\s*{QUERY}\s[^\"\n]{{0,300}}\{{(?![A-Z_]+\}})"
         rf"|f'\s*{QUERY}\s[^'\n]{{0,300}}\{{(?![A-Z_]+\}})|`\s*{QUERY}\s[^`]{{0,300}}\$\{{"),
     "a query is built from text; use parameters"),
    ("query-injection", CRITICAL, ("python", "javascript"),
     re.compile(rf"[\"']{QUERY}\s[^\"'\n]{{0,300}}[\"']\s*(?:\+|%\s*[\w(])"),
     "a query is built from text; use parameters"),
    ("unsafe-load", MAJOR, ("python",),
     re.compile(r"\b(?:pickle\.loads?|yaml\.load\s*\((?![^)\n]{0,300}Safe)|marshal\.loads?)"),
     "data from elsewhere can run code while it is read"),
    ("tls-check-off", MAJOR, ("python", "javascript", "rust"),
     re.compile(r"\bverify\s*=\s*False\b|rejectUnauthorized\s*:\s*false|danger_accept_invalid_certs\(\s*true"),
     "the certificate of the other side is not checked"),
]


def review(source):
    found = list(secrets(source))
    if source.language in ("python", "javascript", "rust"):
        masked = mask(source.text, source.language)
        source.is_clean = source.is_clean and masked.is_clean
        found.extend(injections(source, masked))
    return found


def secrets(source):
    for number, line in enumerate(source.text.split("\n"), 1):
        if len(line) > MAX_LINE:
            continue
        for rule, pattern, what in KEYS:
            if (match := pattern.search(line)) and not is_placeholder(match):
                yield Finding(source.path, number, rule, severity(source, CRITICAL), f"this looks like {what}")
        match = NAMED.search(line)
        if match and is_random(match[2]) and not NOT_SECRET.search(match[1]):
            message = f"`{match[1]}` is given in the source"
            yield Finding(source.path, number, "named-secret", severity(source, MAJOR), message)


def severity(source, usual):
    """What looks like a secret in a test is usually made up."""
    return MINOR if is_test_file(source.path) else usual


def is_placeholder(match):
    text = match[1] if match.lastindex else match[0]
    return PLACEHOLDER.search(text) is not None


def is_random(text):
    return not PLACEHOLDER.search(text) and " " not in text and entropy(text) >= RANDOM_BITS


def entropy(text):
    """Shannon entropy in bits per character."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())


def without_comments(text, masked):
    """The text with its strings, but without comments and without lines that are too long."""
    lines = [line if len(line) <= MAX_LINE else " " * len(line) for line in text.split("\n")]
    for line, comment in masked.comments:
        for offset, part in enumerate(comment.split("\n")):
            lines[line - 1 + offset] = lines[line - 1 + offset].replace(part, " " * len(part), 1)
    return "\n".join(lines)


def injections(source, masked):
    if is_test_file(source.path):
        return
    code = without_comments(source.text, masked)
    for rule, grade, languages, pattern, message in INJECTIONS:
        if source.language in languages:
            for match in pattern.finditer(code):
                # What begins inside a string is an example in a docstring.
                if masked.code[match.start()] != code[match.start()]:
                    continue
                line = code.count("\n", 0, match.start()) + 1
                yield Finding(source.path, line, rule, grade, message)


def answer(request, progress):
    code = sources.read(request)
    findings = []
    for number, source in enumerate(code.files):
        if number % 100 == 0:
            progress({"read": number, "of": len(code.files)})
        findings.extend(review(source))
    return verdicts.answer("secrets", findings, code)


if __name__ == "__main__":
    protocol.serve(answer)
