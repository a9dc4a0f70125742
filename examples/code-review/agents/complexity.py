#!/usr/bin/env python3
"""Reviews the size and shape of functions in Rust, Python and JavaScript.

| rule | major above | minor above |
|---|---|---|
| long-function: lines of code | 120 | 60 |
| deep-nesting: branches and loops inside each other | 6 | 4 |
| many-paths: branches and boolean operators | 30 | 15 |
| many-parameters | 10 | 7 |
| long-file: lines | 1500 | 800 |
"""

import ast

import protocol
import sources
import verdicts
from functions import functions
from masking import mask
from verdicts import MAJOR, MINOR, Finding

LIMITS = {
    "long-function": (60, 120, "`{name}` has {n} lines of code"),
    "deep-nesting": (4, 6, "`{name}` nests branches and loops {n} deep"),
    "many-paths": (15, 30, "`{name}` has {n} paths through it"),
    "many-parameters": (7, 10, "`{name}` takes {n} parameters"),
}
LONG_FILE = (800, 1500)

LANGUAGES = ("rust", "python", "javascript")


def review(source):
    """The findings of one file; says on the source whether it could be read."""
    masked = mask(source.text, source.language)
    source.is_clean = source.is_clean and is_readable(source, masked)
    found = []
    for function in functions(source.text, masked, source.language):
        found.extend(judge(source.path, function))
    lines = source.lines
    if lines > LONG_FILE[0]:
        severity = MAJOR if lines > LONG_FILE[1] else MINOR
        found.append(Finding(source.path, 1, "long-file", severity, f"the file has {lines} lines"))
    return found


def is_readable(source, masked):
    if source.language != "python":
        return masked.is_clean
    try:
        ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def judge(path, function):
    measured = {
        "long-function": function.length,
        "deep-nesting": function.nesting,
        "many-paths": function.paths,
        "many-parameters": function.parameters,
    }
    for rule, (minor, major, text) in LIMITS.items():
        n = measured[rule]
        if n > minor:
            message = text.format(name=function.name, n=n) + f", {minor} are usual at most"
            yield Finding(path, function.line, rule, MAJOR if n > major else MINOR, message)


def answer(request, progress):
    code = sources.read(request).of(*LANGUAGES)
    findings = []
    for number, source in enumerate(code.files):
        if number % 100 == 0:
            progress({"read": number, "of": len(code.files)})
        findings.extend(review(source))
    return verdicts.answer("complexity", findings, code)


if __name__ == "__main__":
    protocol.serve(answer)
