#!/usr/bin/env python3
"""Reviews what is missing around the code: documentation of public items, and tests.

| rule | severity | says |
|---|---|---|
| undocumented | minor | a public item of a library has no documentation |
| no-module-doc | minor | a file with public items does not say what it is for |
| untested-module | minor | no test mentions anything that the file defines |
| no-tests | major | a package with more than 200 lines of code has no test at all |
"""

import ast
import re

import protocol
import sources
import verdicts
from masking import mask
from regions import is_test_file, test_lines
from verdicts import MAJOR, MINOR, Finding

LANGUAGES = ("rust", "python")

# `pub(crate)` and `pub(super)` are not public.
RUST_ITEM = re.compile(
    r"^([ \t]*)pub\s+(?:(?:async|const|unsafe|extern)\s+)*(fn|struct|enum|trait|type|static|union|mod)\s+(\w+)",
    re.MULTILINE,
)
RUST_NAME = re.compile(r"\b(?:fn|struct|enum|trait|const|static|type)\s+(\w+)")
WORD = re.compile(r"\w+")

# Below these sizes, in lines, a missing test is not worth a word.
SMALL_MODULE = 60
SMALL_PACKAGE = 200


def review_file(source):
    """What is undocumented in one file."""
    if is_test_file(source.path):
        return []
    if source.language == "python":
        return python_docs(source)
    masked = mask(source.text, "rust")
    source.is_clean = source.is_clean and masked.is_clean
    return rust_docs(source, masked)


def rust_docs(source, masked):
    found, in_tests = [], test_lines(source, masked)
    documented = doc_lines(masked)
    code = masked.lines()
    items = [item for item in RUST_ITEM.finditer(masked.code)]
    for item in items:
        line = masked.line_of(item.start(2))
        # `pub mod x;` is documented inside the module, a function `new` by its type.
        is_explained = item[2] == "mod" or item[3] in ("new", "main")
        if line not in in_tests and not is_explained and not has_doc(line, documented, code):
            message = f"public {item[2]} `{item[3]}` has no documentation"
            found.append(Finding(source.path, line, "undocumented", MINOR, message))
    if items and not any(text.startswith(("//!", "/*!")) for _, text in masked.comments):
        message = "no `//!` comment says what this file is for"
        found.append(Finding(source.path, 1, "no-module-doc", MINOR, message))
    return found


def doc_lines(masked):
    docs = (c for c in masked.comments if c[1].startswith(("///", "/**")))
    return {line + text.count("\n") for line, text in docs}


def has_doc(line, documented, code):
    """Whether documentation ends right above the item or above its attributes."""
    at = line - 1
    while at > 0 and at not in documented:
        stripped = code[at - 1].strip()
        if stripped.startswith("#[doc"):
            return True
        if not stripped.startswith("#[") and not stripped.endswith(("]", ",", "(")):
            return False
        at -= 1
    return at in documented


def python_docs(source):
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        source.is_clean = False
        return []
    public = [node for node in tree.body if is_public_definition(node)]
    found = []
    for node in public:
        if ast.get_docstring(node) is None and size_of(node) > 5:
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            message = f"public {kind} `{node.name}` has no docstring"
            found.append(Finding(source.path, node.lineno, "undocumented", MINOR, message))
    if public and ast.get_docstring(tree) is None:
        message = "no docstring says what this file is for"
        found.append(Finding(source.path, 1, "no-module-doc", MINOR, message))
    return found


def is_public_definition(node):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return isinstance(node, kinds) and not node.name.startswith("_") and node.name != "main"


def size_of(node):
    return (node.end_lineno or node.lineno) - node.lineno + 1


def review_tests(files):
    """What no test touches, over all files together."""
    words, packages = set(), {}
    for source in files:
        own, tests = split(source)
        words.update(WORD.findall(tests))
        package = packages.setdefault((package_of(source.path), source.language), [0, 0, source.path])
        package[0] += own.count("\n")
        package[1] += len(tests.strip())
    found = [
        Finding(first, 1, "no-tests", MAJOR, f"`{name or '.'}` has {lines} lines of code and no test")
        for (name, _), (lines, tested, first) in sorted(packages.items())
        if tested == 0 and lines > SMALL_PACKAGE
    ]
    silent = {finding.file for finding in found}
    for source in files:
        if not is_test_file(source.path) and source.path not in silent:
            found.extend(untested(source, words))
    return found


def split(source):
    """The text of a file without and with only its test code."""
    if is_test_file(source.path):
        return "", source.text
    if source.language == "python":
        return source.text, ""
    in_tests = test_lines(source, mask(source.text, "rust"))
    own, tests = [], []
    for number, line in enumerate(source.text.split("\n"), 1):
        (tests if number in in_tests else own).append(line)
    return "\n".join(own), "\n".join(tests)


def untested(source, words):
    own, tests = split(source)
    if tests.strip() or own.count("\n") < SMALL_MODULE:
        return
    names = names_of(source, own)
    stem = source.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if names and stem not in words and not any(name in words for name in names):
        message = f"no test mentions `{stem}` or any of the {len(names)} names it defines"
        yield Finding(source.path, 1, "untested-module", MINOR, message)


def names_of(source, own):
    if source.language == "rust":
        return set(RUST_NAME.findall(mask(own, "rust").code))
    return set(re.findall(r"^(?:async )?(?:def|class) (\w+)", own, re.MULTILINE))


def package_of(path):
    """The folder above `src`, `tests` or the file itself."""
    folders = path.split("/")[:-1]
    for mark in ("src", "tests", "test"):
        if mark in folders:
            return "/".join(folders[:folders.index(mark)])
    return "/".join(folders)


def answer(request, progress):
    code = sources.read(request).of(*LANGUAGES)
    findings = []
    for number, source in enumerate(code.files):
        if number % 100 == 0:
            progress({"read": number, "of": len(code.files)})
        findings.extend(review_file(source))
    progress({"read": len(code.files), "of": len(code.files)})
    findings.extend(review_tests(code.files))
    return verdicts.answer("coverage", findings, code)


if __name__ == "__main__":
    protocol.serve(answer)
