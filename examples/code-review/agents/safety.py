#!/usr/bin/env python3
"""Reviews what may crash, corrupt or silently lose: in Rust, Python and JavaScript.

Rust: `unsafe` without a `SAFETY:` comment, unchecked calls, `unwrap`, `panic!` and unfinished
code outside tests, narrowing casts of lengths, arithmetic inside an index.
Python: swallowed exceptions, mutable defaults, `assert` on arguments. JavaScript: `eval`,
assignments to `innerHTML`, empty `catch`.
"""

import ast
import re

import protocol
import sources
import verdicts
from masking import mask
from regions import test_lines
from verdicts import CRITICAL, MAJOR, MINOR, Finding

LANGUAGES = ("rust", "python", "javascript")

# Rule, severity, pattern in the masked code, message.
RUST = [
    ("unchecked-call", MAJOR,
     re.compile(r"\b(get_unchecked(?:_mut)?|from_utf8_unchecked|transmute|unwrap_unchecked|unreachable_unchecked|assume_init)\b\s*(?:::<[^()]{0,200}>)?\("),
     "`{0}` leaves a check to the caller"),
    ("unwrap", MINOR, re.compile(r"\.(unwrap|unwrap_err)\(\)"),
     "`{0}` ends the program on a value that was not expected; say why with `expect`, or return the error"),
    ("panic", MINOR, re.compile(r"(?<![\w:])(panic)!\s*[(\[{]"), "`{0}!` ends the program"),
    ("unfinished", MAJOR, re.compile(r"(?<![\w:])(todo|unimplemented)!\s*[(\[{]"),
     "`{0}!`: this code is not finished"),
    ("narrowing-cast", MINOR,
     re.compile(r"\.(?:len|count|capacity)\(\)(?:\s*[-+]\s*\w+\s*\))?\s*as\s+(u8|i8|u16|i16|u32|i32)\b"),
     "a length cast to `{0}` loses its upper bits in silence; use `try_from`"),
    ("index-arithmetic", MINOR, re.compile(r"\w\[[^\]\[;]{0,120}\b\w+\s*([+-])\s*\d+\]"),
     "arithmetic inside an index; out of range ends the program"),
]
JAVASCRIPT = [
    ("eval", CRITICAL, re.compile(r"(?<![\w.])(eval|new Function)\s*\("), "`{0}` runs text as code"),
    ("inner-html", MAJOR, re.compile(r"\.(innerHTML|outerHTML)\s*\+?=(?!=)(?!\s*(?:\"\"|''|``))"),
     "`{0}` runs markup that comes from elsewhere"),
    ("swallowed-error", MAJOR, re.compile(r"\b(catch)\s*(?:\([^)]{0,200}\))?\s{0,20}\{\s{0,200}\}|\.(?:catch)\(\s*\(\w*\)\s*=>\s*\{\s*\}\s*\)"),
     "an empty `{0}` loses the error"),
]

UNSAFE = re.compile(r"\bunsafe\s+(fn|impl|trait|extern)\b|\bunsafe\s*(\{)")
# How far above an `unsafe` its reason may stand, in lines.
REASON_REACH = 6


def review(source):
    masked = mask(source.text, source.language)
    if source.language == "python":
        return python(source)
    source.is_clean = source.is_clean and masked.is_clean
    in_tests = test_lines(source, masked)
    patterns = RUST if source.language == "rust" else JAVASCRIPT
    found = []
    for rule, severity, pattern, message in patterns:
        for match in pattern.finditer(masked.code):
            line = masked.line_of(match.start(1) if match[1] else match.start())
            if line not in in_tests and not is_explained(source, match, rule):
                text = message.format(match[1] or "catch")
                found.append(Finding(source.path, line, rule, severity, text))
    if source.language == "rust":
        found.extend(unsafe_without_reason(source, masked))
    return found


def is_explained(source, match, rule):
    """A `catch` with nothing but a comment in it says why it is empty."""
    body = source.text[match.start():match.end()]
    return rule == "swallowed-error" and ("//" in body or "/*" in body)


def unsafe_without_reason(source, masked):
    """Every `unsafe` needs a comment with `SAFETY` close above it or on its line; for an
    `unsafe fn`, a `# Safety` section in its documentation counts as well."""
    reasons = {line + text.count("\n") for line, text in masked.comments if "safety" in text.lower()}
    comment_lines = {line for line, _ in masked.comments}
    code = masked.lines()
    for match in UNSAFE.finditer(masked.code):
        if match[1] == "extern":
            continue
        line = masked.line_of(match.start())
        if not has_reason(line, reasons, comment_lines, code):
            what = "unsafe block" if match[2] else f"`unsafe {match[1]}`"
            yield Finding(source.path, line, "unsafe-without-reason", MAJOR,
                          f"{what} without a `SAFETY:` comment that says why it is sound")


def has_reason(line, reasons, comment_lines, code):
    if line in reasons:
        return True
    at, steps = line - 1, 0
    while at > 0 and steps < REASON_REACH:
        if at in reasons:
            return True
        stripped = code[at - 1].strip()
        is_prefix = not stripped or stripped.startswith("#[") or stripped[-1] in "=(,"
        if at not in comment_lines and not is_prefix:
            return False
        steps += 0 if at in comment_lines else 1
        at -= 1
    return False


def python(source):
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        source.is_clean = False
        return []
    in_tests = test_lines(source, None)
    found = []
    for node in ast.walk(tree):
        for line, rule, severity, message in python_rules(node):
            if line not in in_tests:
                found.append(Finding(source.path, line, rule, severity, message))
    return found


def python_rules(node):
    if isinstance(node, ast.ExceptHandler):
        yield from handler_rules(node)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from function_rules(node)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        is_dynamic = node.args and not isinstance(node.args[0], ast.Constant)
        if node.func.id in ("eval", "exec") and is_dynamic:
            yield node.lineno, "eval", CRITICAL, f"`{node.func.id}` runs text as code"


def function_rules(node):
    for name in sorted(mutable_defaults(node.args)):
        if is_changed(node, name):
            message = f"the default of `{name}` is one object for all calls, and it is changed"
            yield node.lineno, "mutable-default", MAJOR, message
    names = {arg.arg for arg in node.args.posonlyargs + node.args.args + node.args.kwonlyargs}
    for statement in node.body[:4]:
        if isinstance(statement, ast.Assert) and mentions(statement.test, names):
            message = f"`{node.name}` checks an argument by `assert`, which `-O` removes"
            yield statement.lineno, "assert-on-argument", MINOR, message


def mutable_defaults(arguments):
    """The names of parameters whose default is a list, a dictionary or a set."""
    plain = arguments.posonlyargs + arguments.args
    pairs = list(zip(plain[len(plain) - len(arguments.defaults):], arguments.defaults))
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults)
    return {arg.arg for arg, default in pairs if isinstance(default, (ast.List, ast.Dict, ast.Set))}


CHANGING = {"append", "extend", "insert", "add", "update", "setdefault", "pop", "remove", "clear"}


def is_changed(function, name):
    """Whether the function changes this parameter, or lets it out to those who may."""
    def is_it(node):
        return isinstance(node, ast.Name) and node.id == name

    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if is_it(node.func.value) and node.func.attr in CHANGING:
                return True
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if is_it(node.value):
                return True
        elif isinstance(node, (ast.Return, ast.AugAssign)):
            if is_it(node.value if isinstance(node, ast.Return) else node.target):
                return True
        elif isinstance(node, ast.Assign) and is_it(node.value):
            if any(isinstance(target, ast.Attribute) for target in node.targets):
                return True
    return False


def handler_rules(node):
    is_silent = all(isinstance(statement, ast.Pass) or is_ellipsis(statement) for statement in node.body)
    kind = node.type.id if isinstance(node.type, ast.Name) else None
    if is_silent and (node.type is None or kind in ("Exception", "BaseException")):
        yield node.lineno, "swallowed-error", MAJOR, "every error is caught and lost here"
    elif node.type is None and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node)):
        message = "a bare `except` also catches an interruption by the user"
        yield node.lineno, "bare-except", MINOR, message


def is_ellipsis(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def mentions(node, names):
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


def answer(request, progress):
    code = sources.read(request).of(*LANGUAGES)
    findings = []
    for number, source in enumerate(code.files):
        if number % 100 == 0:
            progress({"read": number, "of": len(code.files)})
        findings.extend(review(source))
    return verdicts.answer("safety", findings, code)


if __name__ == "__main__":
    protocol.serve(answer)
