#!/usr/bin/env python3
"""Runs the tests of this folder: `prismc lsp` under clients that others wrote.

They are installed into a folder of their own below the build folder, once for each list in
`requirements.txt`. Arguments go to pytest.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    requirements = HERE / "requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = target / f"lsp-clients-{digest}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([python, *install, "--requirement", requirements], check=True)
        ready.touch()
    server = target / "debug" / "prismc"
    if not server.exists():
        build = ["cargo", "build", "--package", "prism-driver"]
        subprocess.run(build, cwd=ROOT, check=True)
    environment = {
        **os.environ,
        "PRISMC": str(server),
        "XDG_CACHE_HOME": str(target / "lsp-cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    tests = [python, "-m", "pytest", "-p", "no:cacheprovider", "-q", *sys.argv[1:], HERE]
    return subprocess.run(tests, cwd=HERE, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
