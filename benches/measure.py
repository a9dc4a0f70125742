#!/usr/bin/env python3
"""Measures the binaries as whole processes, beside peers, in one go.

    cargo build --release -p prism-cli -p prism-driver
    python3 benches/measure.py [startup] [agents] [vm] [confidence] [check] [recheck] [--bin FOLDER]

Every program's result is checked, peers run between ours, and the ratio is printed.
Needs hyperfine for `startup`, lua5.4 and luajit for `vm`, xargs for `agents`; ty and pyrefly
(`pip install ty pyrefly`) for `check` and `recheck`, and for the latter `benches/check`.
"""

import argparse
import json
import math
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

FIB = "function fib(n) {{ return n < 2 ? n : fib(n - 1) + fib(n - 2) }}\nfib({n})\n"
LOOP = """let sum = 0
let i = 0
while i < {n} {{
  sum = (sum + i * 3) % 1000003
  i = i + 1
}}
sum
"""
LUA_FIB = """local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
io.write(string.format("%d\\n", fib({n})))"""
LUA_LOOP = """local sum, i = 0, 0
while i < {n} do sum = (sum + i * 3) % 1000003; i = i + 1 end
io.write(string.format("%d\\n", sum))"""

ONCE = """read -r line
id=${line#*\\"id\\":\\"}
id=${id%%\\"*}
printf '{"id":"%s","value":1,"confidence":0.9}\\n' "$id"
"""
WARM = """for line in io.lines() do
  local id = line:match('"id":"([^"]*)"')
  io.write('{"id":"', id, '","value":1,"confidence":0.9}\\n')
  io.flush()
end
"""
FAN_OUT = 'import { parallel } from "@prism/execution"\nparallel(agents, "work").length\n'

UNIT = '''/** Weighs the votes number {n}. */
export function weigh{n}(votes, least) {{
  let total = 0
  for vote in votes {{
    if vote.weight > least && vote.is_valid {{
      total = total + vote.weight * {n}
    }} else {{
      total = total - 1
    }}
  }}
  const share = total / max(votes.length, 1)
  return {{ share, label: `share of {n}: ${{share}}`, trusted: share ~> 0.75 }}
}}

'''
VOTES = "const votes = [{ weight: 1, is_valid: true }]\nweigh0(votes, 0)\n"
PYTHON_UNIT = '''def weigh{n}(votes, least):
    """Weighs the votes number {n}."""
    total = 0
    for vote in votes:
        if vote["weight"] > least and vote["is_valid"]:
            total = total + vote["weight"] * {n}
        else:
            total = total - 1
    share = total / max(len(votes), 1)
    return {{"share": share, "label": f"share of {n}: {{share}}", "trusted": (share, 0.75)}}


'''
PYTHON_VOTES = 'votes = [{"weight": 1, "is_valid": True}]\nweigh0(votes, 0)\n'
SURE = " ~> 0.9"
MODULES, FUNCTIONS = 500, 14
ALL = ["startup", "vm", "confidence", "check", "recheck", "agents"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=ALL)
    target = os.environ.get("CARGO_TARGET_DIR", "target")
    parser.add_argument("--bin", default=f"{target}/release")
    args = parser.parse_args()
    folder = pathlib.Path(args.bin).resolve()
    prism, prismc = str(folder / "prism"), str(folder / "prismc")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    # Beside the binaries: on the disk that they are on, and outside of what is tracked.
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for what in args.what:
            print(f"\n{what}")
            own = pathlib.Path(place) / what
            own.mkdir()
            os.chdir(own)
            {"startup": startup, "vm": vm, "confidence": confidence, "check": check,
             "recheck": recheck, "agents": agents}[what](prism, prismc)
        os.chdir(folder)


def startup(prism, _):
    """One line, whole process: a store that is there, a new one, none."""
    write("hello.prism", '"hello"\n')
    sync()
    new = ["--prepare", "rm -rf .prism", f"{prism} run hello.prism"]
    for name, options in [
        ("store", [f"{prism} run hello.prism"]),
        ("new store", new),
        ("no store", [f"{prism} run hello.prism --no-store"]),
        ("--version", [f"{prism} --version"]),
    ]:
        command = ["hyperfine", "-N", "--warmup", "5", "-r", "50", "--export-json", "times.json"]
        subprocess.run(command + options, check=True, capture_output=True)
        found = json.loads(read("times.json"))["results"][0]
        times = [1000 * t for t in found["times"]]
        cpu = 1000 * (found["user"] + found["system"])
        print(f"  {name:<10} min {min(times):6.2f} ms  median {statistics.median(times):6.2f} ms"
              f"  processor {cpu:5.2f} ms")
    sync()


def sync():
    """The disk's own fdatasync of 4 KiB, appended and over what is there."""
    with open("probe", "wb", buffering=0) as file:
        for how in ["appended", "in place"]:
            file.seek(0)
            times = []
            for _ in range(200):
                file.write(os.urandom(4096))
                begin = time.perf_counter()
                os.fdatasync(file.fileno())
                times.append(1000 * (time.perf_counter() - begin))
            print(f"  fdatasync of 4 KiB {how}: min {min(times):.2f} ms"
                  f"  median {statistics.median(times):.2f} ms")


def vm(prism, _):
    """Processor time of whole processes, start-up included, interleaved; the best of five."""
    for name, ours, theirs, n, expected in [
        ("fib(32)", FIB, LUA_FIB, 32, "2178309"),
        ("modular loop, 50 M", LOOP, LUA_LOOP, 50_000_000, "33975"),
    ]:
        write("kernel.prism", ours.format(n=n))
        write("kernel.lua", theirs.format(n=n))
        commands = {
            "prism": [prism, "run", "kernel.prism", "--no-store", "--fuel", str(10**12)],
            "lua5.4": ["lua5.4", "kernel.lua"],
            "luajit": ["luajit", "kernel.lua"],
            "luajit -joff": ["luajit", "-joff", "kernel.lua"],
        }
        best = dict.fromkeys(commands, float("inf"))
        for _ in range(5):
            for peer, command in commands.items():
                before = processor()
                _, output = timed(command)
                assert output.strip() == expected, (peer, output)
                seconds = processor() - before
                best[peer] = min(best[peer], seconds)
        for peer, seconds in best.items():
            print(f"  {name:<19} {peer:<13} {seconds:6.3f} s  prism/{peer} {best['prism'] / seconds:5.2f}")


def check(_, prismc):
    """500 modules of about 100,000 lines, cold, on one processor and on all; every module imports
    the first one and its parent in a tree. The peers check the same functions in Python."""
    n_lines = packages()
    commands = {"prismc": ([prismc, "check", "package"], "."),
                "ty": (["ty", "check", "."], "python"),
                "pyrefly": (["pyrefly", "check"], "python")}
    everywhere = os.sched_getaffinity(0)
    for name, processors in [("one processor", {min(everywhere)}), ("all processors", everywhere)]:
        best, least = {}, {}
        os.sched_setaffinity(0, processors)  # of what is started as well
        for _ in range(7):
            for tool, (command, folder) in commands.items():
                before = processor()
                seconds = timed(command, folder)[0]
                best[tool] = min(best.get(tool, seconds), seconds)
                used = processor() - before
                least[tool] = min(least.get(tool, used), used)
        for tool, seconds in best.items():
            speed = n_lines[tool] / seconds
            print(f"  {name:<15} {tool:<8} {n_lines[tool]:7} lines in {seconds:5.3f} s:"
                  f" {speed:9,.0f} lines/s; processor {least[tool]:5.3f} s;"
                  f" prismc/{tool} {n_lines['prismc'] / best['prismc'] / speed:5.2f}")
    for tool, (command, folder) in commands.items():
        print(f"  {tool:<8} at most {memory_of(command, folder)} MB")
    # That the work was done: one mistake in the last module is found.
    for path, mistake in [("package/module499.prism", "first(votes)\n"),
                          ("python/module499.py", "first(votes)\n")]:
        write(path, read(path) + mistake)
    for tool, (command, folder) in commands.items():
        found = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        assert found.returncode == 1, (tool, found)


def packages():
    """The two corpora, and how many lines each tool reads."""
    for folder in ["package", "python"]:
        os.mkdir(folder)
    # Only configuration that says: this folder is the project.
    write("python/pyrefly.toml", "")
    write("python/pyproject.toml", '[project]\nname = "votes"\nversion = "1"\n')
    n_lines = {"prismc": 0, "ty": 0, "pyrefly": 0}
    for module in range(MODULES):
        parent = (module - 1) // 4
        ours, theirs, uses = "", "", ""
        if module > 0:
            ours += 'import { weigh0 as first } from "./module0"\n'
            theirs += "from module0 import weigh0 as first\n"
            uses += "first(votes, 0)\n"
        if parent > 0:
            ours += f'import {{ weigh1 as second }} from "./module{parent}"\n'
            theirs += f"from module{parent} import weigh1 as second\n"
            uses += "second(votes, 0)\n"
        numbers = range(FUNCTIONS)
        ours += "\n" + "".join(UNIT.format(n=n) for n in numbers) + VOTES + uses
        theirs += "\n\n" + "".join(PYTHON_UNIT.format(n=n) for n in numbers) + PYTHON_VOTES + uses
        write(f"package/module{module}.prism", ours)
        write(f"python/module{module}.py", theirs)
        n_lines["prismc"] += ours.count("\n")
        n_lines["ty"] += theirs.count("\n")
        n_lines["pyrefly"] += theirs.count("\n")
    return n_lines


def memory_of(command, folder):
    """The most memory of a process, in megabytes."""
    script = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True);"
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000)")
    return timed([sys.executable, "-c", script] + command, folder)[1].strip()


def recheck(_, prismc):
    """The same packages open in an editor: a mistake is typed and taken back. Ours through the
    library, with more kinds of edits; the peers through their language servers."""
    packages()
    print(timed([str(pathlib.Path(prismc).parent / "check-bench"), "package"])[1], end="")
    for command in [["ty", "server"], ["pyrefly", "lsp"]]:
        for name, module in [("leaf", "module300"), ("root", "module0")]:
            times = sorted(retyped(command, module))
            print(f"  {command[0]:<8} {name} mistake: p50 {times[len(times) // 2]:7.2f} ms,"
                  f" worst of {len(times)} {times[-1]:7.2f} ms")


def retyped(command, module):
    """How long a language server needs for the diagnostics of a file after each edit."""
    path = pathlib.Path(f"python/{module}.py").resolve()
    text = path.read_text()
    broken = text.replace("total = total - 1", "total = totl - 1", 1)
    server = Server(command, path.parent)
    document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
    server.notify("textDocument/didOpen", {"textDocument": document})
    assert server.diagnostics(path.as_uri(), 1) == 0
    times = []
    for version in range(2, 42):
        is_broken = version % 2 == 0
        begin = time.perf_counter()
        server.notify("textDocument/didChange", {
            "textDocument": {"uri": path.as_uri(), "version": version},
            "contentChanges": [{"text": broken if is_broken else text}],
        })
        n_found = server.diagnostics(path.as_uri(), version)
        times.append(1000 * (time.perf_counter() - begin))
        assert (n_found > 0) == is_broken, (command, version, n_found)
    server.process.kill()
    server.process.wait()
    return times


class Server:
    """A language server over its standard streams."""

    def __init__(self, command, folder):
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.n_requests = 0
        abilities = {"textDocument": {"publishDiagnostics": {"versionSupport": True},
                                      "diagnostic": {"dynamicRegistration": False}}}
        answer = self.request("initialize", {
            "processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": abilities,
            "workspaceFolders": [{"uri": folder.as_uri(), "name": "votes"}],
        })
        self.is_asked = "diagnosticProvider" in answer["capabilities"]
        self.notify("initialized", {})

    def diagnostics(self, uri, version):
        """How many there are for a version of a file, asked for or waited for."""
        if self.is_asked:
            answer = self.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
            return len(answer["items"])
        while True:
            told = self.receive()
            params = told.get("params") or {}
            is_told = told.get("method") == "textDocument/publishDiagnostics"
            if is_told and params["uri"] == uri and params.get("version", version) == version:
                return len(params["diagnostics"])

    def request(self, method, params):
        self.n_requests += 1
        self.send({"id": self.n_requests, "method": method, "params": params})
        while True:
            told = self.receive()
            if told.get("id") == self.n_requests and "method" not in told:
                return told["result"]

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()):
            key, _, value = line.partition(b":")
            if key.lower() == b"content-length":
                length = int(value)
        assert length > 0, "the server has ended"
        told = json.loads(self.process.stdout.read(length))
        if "method" in told and "id" in told:
            n_items = len((told.get("params") or {}).get("items", []))
            is_asked = told["method"] == "workspace/configuration"
            self.send({"id": told["id"], "result": [None] * n_items if is_asked else None})
        return told


def confidence(prism, _):
    """Programs with and without the confidences in their texts, in turn; processor time."""
    folder = pathlib.Path(__file__).resolve().parent / "confidence"
    ratios = {"--no-native": [], "--native": []}
    for program in sorted(folder.glob("*.prism")):
        text = program.read_text()
        write("confident.prism", text)
        write("plain.prism", text.replace(SURE, ""))
        line = f"  {program.stem:<10}"
        for tier, found in ratios.items():
            command = [prism, "run", "--no-store"]
            command += [tier] if tier == "--no-native" else []
            best, results = {}, set()
            for _ in range(5):
                for name in ["plain", "confident"]:
                    begin = processor()
                    results.add(timed([*command, f"{name}.prism"])[1])
                    spent = processor() - begin
                    best[name] = min(best.get(name, spent), spent)
            assert len(results) == 1, f"{program.name}: {results}"
            found.append(best["confident"] / best["plain"])
            line += f"  {tier}: {best['plain']:.3f} {best['confident']:.3f} s, {found[-1]:.2f}"
        print(line, flush=True)
    for tier, found in ratios.items():
        mean = math.exp(sum(map(math.log, found)) / len(found))
        print(f"  geometric mean {tier}: {mean:.2f}")


def agents(prism, _):
    """A process for each call beside xargs, two at a time; then two processes that are kept, with
    one call at a time and with many."""
    write("once.sh", ONCE)
    # The peer's copy reads a request of the same length from a file.
    write("peer.sh", "exec < request\n" + ONCE)
    write("request", json.dumps({"id": "1" * 8, "task": "work", "key": "k" * 90}) + "\n")
    write("warm.lua", WARM)
    table = "[agents.one]\ncommand = {command}\nconcurrency = {n}\nmode = \"{mode}\"\nqueue = 100000\n"
    n_calls = 1000
    write("lines", "".join(f'{{"id":"{n}"}}\n' for n in range(n_calls)))
    write("fan.prism", FAN_OUT)
    write("agents.json", json.dumps(["one"] * n_calls))
    write("prism.toml", table.format(command='["sh", "once.sh"]', n=2, mode="per-call"))
    fan = [prism, "run", "fan.prism", "--set", "agents=@agents.json"]
    peer = ["sh", "-c", "xargs -P2 -n1 sh peer.sh < lines > /dev/null"]
    ours, theirs = [], []
    for _ in range(3):
        ours.append(n_calls / result_of(fan, n_calls))
        theirs.append(n_calls / timed(peer)[0])
    print(f"  a process for each call: {max(ours):,.0f} /s; xargs -P2: {max(theirs):,.0f} /s;"
          f" prism/xargs {max(ours) / max(theirs):.2f}")
    n_calls = 10_000
    write("agents.json", json.dumps(["one"] * n_calls))
    write("prism.toml", table.format(command='["luajit", "warm.lua"]', n=2, mode="warm"))
    warm = max(n_calls / result_of(fan, n_calls) for _ in range(3))
    print(f"  two processes kept: {warm:,.0f} durable calls/s")
    n_calls = 50_000
    write("agents.json", json.dumps(["one"] * n_calls))
    manifest = table.format(command='["luajit", "warm.lua"]', n=128, mode="warm")
    write("prism.toml", manifest + "calls = 64\n")
    many = max(n_calls / result_of(fan, n_calls) for _ in range(3))
    print(f"  the same, 64 calls at once in each: {many:,.0f} durable calls/s")


def result_of(command, expected):
    seconds, output = timed(command)
    assert output.strip().split()[0] == str(expected), output
    return seconds


def timed(command, folder="."):
    begin = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}")
    return seconds, done.stdout.decode()


def processor():
    """Processor time of all children so far, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write(name, text):
    pathlib.Path(name).write_text(text)


def read(name):
    return pathlib.Path(name).read_text()


if __name__ == "__main__":
    main()
