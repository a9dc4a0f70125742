"""Finds and reads the files to review: in a stable order, and never more than the limits below.

What is not read is remembered with its reason, because it lowers the confidence of a review.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from protocol import Refused

MAX_FILES = 5_000
MAX_FILE_BYTES = 512 * 1024
MAX_TOTAL_BYTES = 64 * 1024 * 1024

SKIPPED_FOLDERS = {"target", "node_modules", "dist", "build", "venv", "__pycache__", "vendor"}
SKIPPED_NAMES = {"Cargo.lock", "package-lock.json", "yarn.lock", "poetry.lock", "uv.lock"}

LANGUAGES = {
    ".rs": "rust",
    ".py": "python",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "javascript", ".tsx": "javascript",
    ".sh": "shell", ".bash": "shell",
    ".prism": "prism",
    ".toml": "config", ".yaml": "config", ".yml": "config", ".json": "config", ".ini": "config",
    ".cfg": "config", ".env": "config",
    ".md": "text", ".txt": "text", ".html": "text", ".sql": "text",
}

# Bytes of an average line; stands in for the lines of a file that was not read.
LINE_BYTES = 40


@dataclass
class Source:
    """One file that was read."""

    path: str
    text: str
    language: str
    is_clean: bool = True

    @property
    def lines(self):
        return self.text.count("\n") + (not self.text.endswith("\n") and self.text != "")


@dataclass
class Sources:
    files: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    skipped_lines: int = 0

    def of(self, *languages):
        """The same, restricted to some languages; what was skipped stays."""
        files = [source for source in self.files if source.language in languages]
        return Sources(files, self.skipped, self.skipped_lines)

    @property
    def lines(self):
        return sum(source.lines for source in self.files)

    def skip(self, path, reason, size):
        self.skipped.append({"path": path, "reason": reason})
        self.skipped_lines += size // LINE_BYTES


def root_of(path):
    """The file or folder to review. A relative path is relative to where `prism` was started,
    or else to the manifest, which is the working directory of an agent."""
    if not isinstance(path, str) or not path:
        raise Refused("the input needs a `path`: a file or a folder")
    for base in (os.environ.get("PRISM_CWD", "."), "."):
        candidate = Path(base, path)
        if candidate.exists():
            return candidate
    raise Refused(f"the path `{path}` does not exist")


def read(request):
    """The sources that a request names: `input.path`, restricted to `input.files` if given."""
    given = request.get("input")
    given = given if isinstance(given, dict) else {}
    root = root_of(given.get("path"))
    only = given.get("files")
    if only is not None and not (isinstance(only, list) and all(isinstance(f, str) for f in only)):
        raise Refused("`files` must be a list of paths under `path`")
    return read_root(root, only)


def read_root(root, only=None):
    sources = Sources()
    total = 0
    for path, name in candidates(root, only):
        size = size_of(path)
        if len(sources.files) >= MAX_FILES or total + size > MAX_TOTAL_BYTES:
            sources.skip(name, "limit of the review reached", size)
        elif size > MAX_FILE_BYTES:
            sources.skip(name, "too large", size)
        else:
            total += size
            read_file(path, name, size, sources)
    return sources


def candidates(root, only):
    """Pairs of path and shown name, sorted by name; symbolic links are not followed."""
    if root.is_file():
        return [(root, root.name)]
    if only is not None:
        inside = [name for name in only if is_inside(root, name)]
        return [(root / name, name) for name in sorted(set(inside)) if (root / name).is_file()]
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and not f.startswith("."))
        for name in names:
            path = Path(folder, name)
            if path.suffix in LANGUAGES and name not in SKIPPED_NAMES and not path.is_symlink():
                found.append((path, path.relative_to(root).as_posix()))
    return sorted(found, key=lambda pair: pair[1])


def is_inside(root, name):
    return root.resolve() in (root / name).resolve().parents


def size_of(path):
    try:
        return path.stat().st_size
    except OSError:
        return 0


def read_file(path, name, size, sources):
    try:
        data = path.read_bytes()
    except OSError as error:
        sources.skip(name, error.strerror or "unreadable", size)
        return
    if b"\0" in data[:8192]:
        sources.skip(name, "binary", 0)
        return
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    language = LANGUAGES.get(path.suffix, "text")
    sources.files.append(Source(name, text, language, "\ufffd" not in text))
