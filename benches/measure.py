#!/usr/bin/env python3
"""Measures the binaries as whole processes, beside peers, in one go.

    cargo build --release -p prism-cli -p prism-driver
    python3 benches/measure.py [startup] [agents] [vm] [check] [--bin FOLDER]

Every program's result is checked, peers run between ours, and the ratio is printed.
Needs hyperfine for `startup`, lua5.4 and luajit for `vm`, xargs for `agents`.
"""

import argparse
import json
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
function weigh{n}(votes, least) {{
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["startup", "vm", "check", "agents"])
    target = os.environ.get("CARGO_TARGET_DIR", "target")
    parser.add_argument("--bin", default=f"{target}/release")
    args = parser.parse_args()
    folder = pathlib.Path(args.bin).resolve()
    prism, prismc = str(folder / "prism"), str(folder / "prismc")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(dir=".") as place:
        os.chdir(place)
        for what in args.what:
            print(f"\n{what}")
            {"startup": startup, "vm": vm, "check": check, "agents": agents}[what](prism, prismc)
        os.chdir("..")


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
    """A package of 200 modules and about 100,000 lines, without errors."""
    os.mkdir("package")
    n_lines = 0
    for module in range(200):
        text = "".join(UNIT.format(n=n) for n in range(module * 35, module * 35 + 35))
        text += f"weigh{module * 35}([{{ weight: 1, is_valid: true }}], 0)\n"
        write(f"package/module{module}.prism", text)
        n_lines += text.count("\n")
    best, least = float("inf"), float("inf")
    for _ in range(5):
        before = processor()
        best = min(best, timed([prismc, "check", "package"])[0])
        least = min(least, processor() - before)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"  {n_lines} lines in {best:.3f} s: {n_lines / best:,.0f} lines/s;"
          f" {n_lines / least:,.0f} lines per second of processor time;"
          f" at most {memory} MB (largest child so far)")


def agents(prism, _):
    """A process for each call beside xargs, two at a time; then one process kept for all."""
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


def result_of(command, expected):
    seconds, output = timed(command)
    assert output.strip().split()[0] == str(expected), output
    return seconds


def timed(command):
    begin = time.perf_counter()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
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
