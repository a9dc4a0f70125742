#!/usr/bin/env python3
"""Lines per second of parsers that come with Python and Node, on the programs of `src/main.rs`.

    python3 benches/parse/installed.py

The best of fifteen runs counts, as in the bench. The programs have the same lines in each language.
"""

import ast
import pathlib
import re
import subprocess
import tempfile
import time

UNITS = 2_000
ROUNDS = 15
SOURCE = pathlib.Path(__file__).parent / "src" / "main.rs"
ACORN = """
const acorn = require('internal/deps/acorn/acorn/dist/acorn')
const text = require('fs').readFileSync(process.argv[1], 'utf8')
let best = Infinity
for (let round = 0; round < %d; round++) {
  const start = process.hrtime.bigint()
  acorn.parse(text, { ecmaVersion: 'latest', sourceType: 'module' })
  best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9)
}
console.log(acorn.version, best)
""" % ROUNDS


def program(name):
    unit = re.search(rf'const {name}: &str = r#"(.*?)"#;', SOURCE.read_text(), re.S).group(1)
    return "".join(unit.replace("NN", str(n)) for n in range(UNITS))


def tell(name, text, seconds):
    n_lines = text.count("\n")
    print(f"{name}: {n_lines} lines, {n_lines / seconds:.0f} lines/s")


def python():
    text = program("PYTHON")
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        ast.parse(text)
        best = min(best, time.perf_counter() - start)
    tell("ast.parse of CPython", text, best)


def acorn():
    text = program("JAVASCRIPT")
    with tempfile.NamedTemporaryFile("w", suffix=".js") as file:
        file.write(text)
        file.flush()
        command = ["node", "--expose-internals", "-e", ACORN, file.name]
        version, best = subprocess.check_output(command, text=True).split()
    tell(f"acorn {version} of Node", text, float(best))


if __name__ == "__main__":
    python()
    acorn()
