"""Which lines of a file are test code, where other rules hold."""

import re

TEST_FOLDERS = {"tests", "test", "benches", "examples", "testing", "__tests__", "fixtures"}
TEST_NAMES = re.compile(r"^(?:tests?|conftest|test_\w+|\w+_tests?|.+\.(?:test|spec))\.\w+$")

RUST_TEST = re.compile(r"#\[(?:cfg\(test\)|cfg\(all\(test\b[^\]]*|(?:\w+::)*test(?:\([^\]]*\))?)\]")

# How far from its attribute a test begins, at most, in characters.
NEAR = 2_000


def is_test_file(path):
    *folders, name = path.split("/")
    return any(folder in TEST_FOLDERS for folder in folders) or TEST_NAMES.match(name) is not None


def test_lines(source, masked):
    """The numbers of all lines that are test code."""
    if is_test_file(source.path):
        return set(range(1, source.lines + 2))
    if source.language != "rust":
        return set()
    lines, covered = set(), 0
    for attribute in RUST_TEST.finditer(masked.code):
        if attribute.start() < covered:
            continue
        opening = re.compile(r"[{;]").search(masked.code, attribute.end(), attribute.end() + NEAR)
        if opening:
            is_block = opening.group() == "{"
            covered = masked.closing(opening.start()) if is_block else opening.end()
            first = masked.line_of(attribute.start())
            lines.update(range(first, masked.line_of(covered) + 1))
    return lines
