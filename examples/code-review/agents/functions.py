"""Finds the functions of a file, with what is needed to judge their size and shape."""

import ast
import bisect
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    name: str
    line: int
    # Lines with code: neither blank nor only comment.
    length: int
    # How deep statements are nested; 0 for a function without branches.
    nesting: int
    # Branches and boolean operators, plus one.
    paths: int
    parameters: int


RUST_FN = re.compile(r"\bfn\s+(\w+)")
JS_FN = re.compile(
    r"\bfunction\s*\*?\s*(\w*)\s*(?=[(<])"
    r"|\b(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?"
    r"(?=\([^()]{0,500}\)\s{0,20}(?::[^={]{1,200})?=>\s{0,20}\{)"
    r"|^[ \t]{1,80}(?:(?:public|private|protected|static|async|get|set)\s+)*(\w+)\s{0,20}"
    r"(?=\([^()]{0,500}\)\s{0,20}(?::\s*[\w<>\[\]| ]{1,200})?\s{0,20}\{)",
    re.MULTILINE,
)
JS_NOT_NAMES = {"if", "for", "while", "switch", "catch", "return", "function", "with", "else"}

BRANCH_HEAD = {
    "rust": re.compile(r"\b(?:if|match|for|while|loop)\b"),
    "javascript": re.compile(r"\b(?:if|for|while|do|switch|try|catch)\b"),
}
PATHS = {
    "rust": re.compile(r"\b(?:if|while|for|loop)\b|&&|\|\|(?!\s*\{)"),
    "javascript": re.compile(r"\b(?:if|while|for|case|catch)\b|&&|\|\||\?\?|\?(?![.:?])"),
}


# No signature is longer than this; what follows is not searched for a body.
MAX_SIGNATURE = 1_500


@dataclass(frozen=True)
class Place:
    """Offsets of a function: its head, its parameter list, and the braces of its body."""

    name: str
    head: int
    parameters: int
    opening: int
    closing: int


def functions(text, masked, language):
    """All functions, in the order of the file. A Python file that does not parse has none."""
    if language == "python":
        return python_functions(text)
    places = list(places_of(masked, RUST_FN if language == "rust" else JS_FN))
    heads = [place.head for place in places]
    return [measured(place, own_code(place, places, heads, masked), masked, language) for place in places]


def places_of(masked, heads):
    for head in heads.finditer(masked.code):
        name = next((group for group in head.groups() if group), "anonymous")
        body = body_of(masked.code, head.end())
        if body is not None and name not in JS_NOT_NAMES:
            parameters, opening = body
            yield Place(name, head.start(), parameters, opening, masked.closing(opening))


def body_of(code, at):
    """The offsets of the parameter list and of the body's brace; None for a declaration."""
    depth, parameters = 0, None
    for found in re.compile(r"[()\[\]{};]").finditer(code, at, at + MAX_SIGNATURE):
        mark = found.group()
        if mark == "(" and depth == 0 and parameters is None:
            parameters = found.start()
        if mark in "([":
            depth += 1
        elif mark in ")]":
            depth -= 1
        elif depth == 0:
            return None if mark != "{" or parameters is None else (parameters, found.start())
    return None


def own_code(place, places, heads, masked):
    """The body without the functions inside it, which are judged by themselves."""
    kept, at = [], place.opening + 1
    index = bisect.bisect_left(heads, at)
    while index < len(places) and places[index].head < place.closing:
        inner = places[index]
        kept.append(masked.code[at:inner.head])
        at = inner.closing + 1
        index = bisect.bisect_left(heads, at)
    return "".join(kept) + masked.code[at:place.closing]


def measured(place, code, masked, language):
    return Function(
        name=place.name,
        line=masked.line_of(place.head),
        length=sum(1 for line in code.split("\n") if line.strip()),
        nesting=nesting(code, language),
        paths=1 + len(PATHS[language].findall(code)),
        parameters=count_parameters(masked.code, place.parameters),
    )


def nesting(code, language):
    """How many braces of branches and loops are open at the deepest place."""
    marks = re.compile(BRANCH_HEAD[language].pattern + r"|[{};]")
    stack, depth, deepest, is_branch = [], 0, 0, False
    for found in marks.finditer(code):
        mark = found.group()
        if mark == "{":
            stack.append(is_branch)
            depth += is_branch
            deepest = max(deepest, depth)
        elif mark == "}" and stack:
            depth -= stack.pop()
        is_branch = mark not in "{};"
    return deepest


def count_parameters(code, opening):
    """Commas at the top level of the list that opens here, a receiver not counted."""
    depth, parts, begin = 0, [], opening + 1
    for found in re.compile(r"[()\[\]{}<>,]|->").finditer(code, opening, opening + MAX_SIGNATURE):
        mark = found.group()
        if mark in "([{<":
            depth += 1
        elif mark in ")]}>":
            depth -= 1
        elif mark == "," and depth == 1:
            parts.append(code[begin:found.start()])
            begin = found.end()
        if depth == 0:
            parts.append(code[begin:found.start()])
            break
    named = [part.strip() for part in parts if part.strip()]
    return sum(1 for part in named if not re.fullmatch(r"&?\s*(?:'\w+\s+)?(?:mut\s+)?self", part))


def python_functions(text):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    lines = text.split("\n")
    return [python_function(node, lines) for node in ast.walk(tree) if isinstance(node, kinds)]


PYTHON_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
PYTHON_PATHS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.IfExp, ast.ExceptHandler, ast.comprehension)


def python_function(node, lines):
    last = node.end_lineno or node.lineno
    body = [line.strip() for line in lines[node.lineno:last]]
    arguments = node.args
    named = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    return Function(
        name=node.name,
        line=node.lineno,
        length=sum(1 for line in body if line and not line.startswith("#")),
        nesting=python_nesting(node),
        paths=1 + sum(python_paths(inner) for inner in ast.walk(node)),
        parameters=sum(1 for argument in named if argument.arg not in ("self", "cls")),
    )


def python_paths(node):
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    return int(isinstance(node, PYTHON_PATHS))


def python_nesting(node):
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        # An `elif` is an `if` alone in the `orelse` of another one, and no deeper than that.
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        own = int(isinstance(child, PYTHON_BLOCKS) and not chained)
        deepest = max(deepest, own + python_nesting(child))
    return deepest
