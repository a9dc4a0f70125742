"""Splits source text into code, comments and strings, for Rust, Python, JavaScript and shell.

`mask` gives the code with every comment and the inside of every string replaced by blanks:
lines and columns stay as they were, and a search in the result finds code only.
"""

import bisect
import re
from dataclasses import dataclass, field


@dataclass
class Masked:
    code: str
    # Pairs of line (from 1) and text.
    comments: list = field(default_factory=list)
    strings: list = field(default_factory=list)
    # Whether every string, comment and bracket that was opened was closed.
    is_clean: bool = True
    # Where lines end, and where each brace is closed; filled when first asked for.
    breaks: list = field(default=None, repr=False)
    braces: dict = field(default=None, repr=False)

    def line_of(self, offset):
        if self.breaks is None:
            self.breaks = [found.start() for found in re.finditer("\n", self.code)]
        return bisect.bisect_left(self.breaks, offset) + 1

    def lines(self):
        return self.code.split("\n")

    def closing(self, opening):
        """The offset of the brace that closes the one at `opening`, or the end of the code."""
        if self.braces is None:
            self.braces, stack = {}, []
            for found in re.finditer(r"[{}]", self.code):
                if found.group() == "{":
                    stack.append(found.start())
                elif stack:
                    self.braces[stack.pop()] = found.start()
        return self.braces.get(opening, len(self.code))


RUST = re.compile(
    r"""(?P<comment>//[^\n]*|/\*)
      |(?P<raw>\b(?:b|c)?r(?P<hashes>\#*)")
      |(?P<string>\b[bc]?"|")
      |(?P<char>(?<!\w)b?'(?:\\(?:u\{[0-9a-fA-F_]*\}|x[0-9a-fA-F]{2}|.)|[^\\'\n])')""",
    re.VERBOSE,
)
PYTHON = re.compile(
    r"""(?P<comment>\#[^\n]*)
      |(?P<string>\b[rRbBuUfF]{0,2}(?P<quote>\"\"\"|'''|"|')|(?P<quote2>\"\"\"|'''|"|'))""",
    re.VERBOSE,
)
JAVASCRIPT = re.compile(
    r"""(?P<comment>//[^\n]*|/\*)
      |(?P<string>["'`])
      |(?P<regex>(?:(?<=[=(,:;!&|?{}\[\n])|(?<=return))[ \t]*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*)
      |(?P<brace>[{}])""",
    re.VERBOSE,
)
SHELL = re.compile(r"""(?P<comment>(?:(?<=\s)|^)\#[^\n]*)|(?P<string>["'])""", re.VERBOSE | re.MULTILINE)

STARTS = {"rust": RUST, "python": PYTHON, "javascript": JAVASCRIPT, "shell": SHELL}


def mask(text, language):
    """The parts of a text; an unknown language is all code."""
    starts = STARTS.get(language)
    if starts is None:
        return Masked(text)
    masker = Masker(text, starts, language)
    masker.run()
    masked = Masked("".join(masker.out), masker.comments, masker.strings, masker.is_clean)
    if language != "shell":
        masked.is_clean = masked.is_clean and is_balanced(masked.code)
    return masked


class Masker:
    def __init__(self, text, starts, language):
        self.text, self.starts, self.language = text, starts, language
        self.out, self.comments, self.strings = [], [], []
        self.is_clean = True
        self.line, self.counted = 1, 0
        # JavaScript: for each open template, how many braces are open inside its `${`.
        self.templates = []

    def run(self):
        at = 0
        while match := self.starts.search(self.text, at):
            self.out.append(self.text[at:match.start()])
            at = self.token(match)
        self.out.append(self.text[at:])
        self.is_clean = self.is_clean and not self.templates

    def token(self, match):
        kind, start, text = match.lastgroup, match.start(), self.text
        if match.groupdict().get("brace"):
            return self.brace(match)
        if match.groupdict().get("comment"):
            block = match["comment"] == "/*"
            end = self.block_end(start) if block else match.end()
            return self.take(start, start, end, self.comments)
        if match.groupdict().get("raw"):
            return self.until(match, '"' + match["hashes"])
        if match.groupdict().get("char") or match.groupdict().get("regex"):
            return self.take(start, start, match.end(), None)
        assert kind is not None
        if self.language == "python":
            quote = match["quote"] or match["quote2"]
            is_raw = "r" in text[start:match.end()].lower().rstrip("\"'")
            return self.quoted(match, quote, len(quote) == 3, is_raw)
        if self.language == "shell":
            return self.quoted(match, match.group()[-1], True, match.group() == "'")
        if match.group() == "`":
            return self.template(match.start(), match.end())
        return self.quoted(match, match.group()[-1], self.language == "rust", False)

    def quoted(self, match, quote, is_multiline, is_raw):
        """A string up to its quote; a backslash hides the next character."""
        at, text = match.end(), self.text
        while at < len(text) and not text.startswith(quote, at):
            if text[at] == "\\" and not (is_raw and self.language == "shell"):
                at += 1
            elif text[at] == "\n" and not is_multiline:
                break
            at += 1
        is_closed = text.startswith(quote, at)
        self.is_clean = self.is_clean and is_closed
        end = min(at, len(text))
        self.take(match.start(), match.end(), end, self.strings)
        self.out.append(quote if is_closed else "")
        return end + (len(quote) if is_closed else 0)

    def until(self, match, closing):
        end = self.text.find(closing, match.end())
        if end < 0:
            self.is_clean = False
            return self.take(match.start(), match.end(), len(self.text), self.strings)
        self.take(match.start(), match.end(), end, self.strings)
        self.out.append(closing)
        return end + len(closing)

    def template(self, start, inside):
        """The text of a template up to its end or to the next `${`, whose inside is code."""
        at, text = inside, self.text
        while at < len(text) and text[at] != "`" and not text.startswith("${", at):
            at += 2 if text[at] == "\\" else 1
        at = min(at, len(text))
        self.take(start, inside, at, self.strings)
        if text.startswith("${", at):
            self.templates.append(0)
            self.out.append("  ")
            return at + 2
        self.is_clean = self.is_clean and at < len(text)
        self.out.append(text[at:at + 1])
        return at + 1

    def brace(self, match):
        if not self.templates:
            self.out.append(match.group())
            return match.end()
        if match.group() == "}" and self.templates[-1] == 0:
            self.templates.pop()
            self.out.append(" ")
            return self.template(match.end(), match.end())
        self.templates[-1] += 1 if match.group() == "{" else -1
        self.out.append(match.group())
        return match.end()

    def block_end(self, start):
        """The end of a block comment; Rust's may be nested."""
        depth, at = 0, start
        for found in re.compile(r"/\*|\*/").finditer(self.text, start):
            depth += 1 if found.group() == "/*" and (depth == 0 or self.language == "rust") else 0
            depth -= 1 if found.group() == "*/" else 0
            at = found.end()
            if depth == 0:
                return at
        self.is_clean = False
        return len(self.text)

    def take(self, start, inside, end, into):
        """Keeps the opening, blanks the inside, and notes it with the line where it begins."""
        self.out.append(self.text[start:inside])
        body = self.text[inside:end]
        self.out.append(re.sub(r"[^\n]", " ", body))
        if into is not None:
            self.line += self.text.count("\n", self.counted, start)
            self.counted = start
            into.append((self.line, body))
        return end


def is_balanced(code):
    pairs = {")": "(", "]": "[", "}": "{"}
    stack = []
    for bracket in re.findall(r"[()\[\]{}]", code):
        if bracket in pairs:
            if not stack or stack.pop() != pairs[bracket]:
                return False
        else:
            stack.append(bracket)
    return not stack
