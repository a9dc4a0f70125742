"""Durable steps in the frameworks that people use instead, on the same disk.

    python3 -m venv venv && venv/bin/pip install langgraph langgraph-checkpoint-sqlite dbos
    npm install --prefix node @restatedev/restate-server @restatedev/restate-sdk
    venv/bin/python benches/engine/peers.py node [ENGINE-BENCH]

A step returns a random number, as in `src/main.rs`; a run has ten. LangGraph writes a checkpoint to
SQLite after each (durability `sync`: before the next one begins); DBOS records each step of a
workflow in SQLite; Restate each `ctx.run` in its server, which an HTTP service in Node serves.
Afterwards the rows that LangGraph and DBOS wrote are counted, and Restate is asked for what its
handlers returned. With the program of `benches/engine`, that runs first and last.
"""

import concurrent.futures
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request

NODE = os.path.abspath(sys.argv[1])
OURS = sys.argv[2] if len(sys.argv) > 2 else None
FOLDER = os.path.abspath("bench-peers")
STEPS, RUNS, AT_ONCE = 10, 50, 64


def langgraph():
    from typing import TypedDict

    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph import END, START, StateGraph

    class State(TypedDict):
        n: float

    graph = StateGraph(State)
    for step in range(STEPS):
        graph.add_node(f"step{step}", lambda state: {"n": random.random()})
        graph.add_edge(f"step{step - 1}" if step else START, f"step{step}")
    graph.add_edge(f"step{STEPS - 1}", END)
    path = os.path.join(FOLDER, "langgraph.db")
    with SqliteSaver.from_conn_string(path) as saver:
        app = graph.compile(checkpointer=saver)
        app.invoke({"n": 0.0}, {"configurable": {"thread_id": "warm"}}, durability="sync")
        begin = time.perf_counter()
        for run in range(RUNS):
            app.invoke({"n": 0.0}, {"configurable": {"thread_id": str(run)}}, durability="sync")
        needed = time.perf_counter() - begin
    (count,) = sqlite3.connect(path).execute("SELECT count(*) FROM checkpoints").fetchone()
    assert count >= (RUNS + 1) * STEPS, count
    print(f"LangGraph, SQLite, sync: {RUNS * STEPS / needed:.0f} steps/s one at a time")


def dbos():
    from dbos import DBOS

    path = os.path.join(FOLDER, "dbos.db")
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{path}", "log_level": "ERROR"})

    @DBOS.step()
    def step():
        return random.random()

    @DBOS.workflow()
    def workflow():
        for _ in range(STEPS):
            step()

    DBOS.launch()
    workflow()
    begin = time.perf_counter()
    for _ in range(RUNS):
        workflow()
    needed = time.perf_counter() - begin
    DBOS.destroy()
    query = "SELECT count(*) FROM operation_outputs"
    (count,) = sqlite3.connect(path).execute(query).fetchone()
    assert count >= (RUNS + 1) * STEPS, count
    print(f"DBOS, SQLite: {RUNS * STEPS / needed:.0f} steps/s one at a time")


SERVICE = """
Promise.withResolvers ??= () => {
  let resolve, reject
  const promise = new Promise((yes, no) => { resolve = yes; reject = no })
  return { promise, resolve, reject }
}
const restate = await import("@restatedev/restate-sdk")
const bench = restate.service({
  name: "bench",
  handlers: {
    steps: async (ctx, n) => {
      let sum = 0
      for (let i = 0; i < n; i++) { sum += await ctx.run("step", () => Math.random()) >= 0 ? 1 : 0 }
      return sum
    },
  },
})
restate.endpoint().bind(bench).listen(9080)
"""


def ask(url, body):
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def patiently(work):
    """What `work` gives once the other side listens."""
    for _ in range(200):
        try:
            return work()
        except OSError:
            time.sleep(0.1)
    return work()


def restate():
    with open(os.path.join(NODE, "bench.mjs"), "w") as file:
        file.write(SERVICE)
    own = {
        **os.environ,
        "RESTATE_BIND_IP": "127.0.0.1",
        "RESTATE_BASE_DIR": os.path.join(FOLDER, "restate"),
        "DO_NOT_TRACK": "1",
        "RESTATE_LOG_FILTER": "error",
    }
    binary = "node_modules/@restatedev/restate-server-linux-x64/bin/restate-server"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": NODE}
    server = subprocess.Popen([os.path.join(NODE, binary), "--node-name", "n1"], env=own, **quiet)
    service = subprocess.Popen(["node", "bench.mjs"], **quiet)
    try:
        there = {"uri": "http://127.0.0.1:9080"}
        patiently(lambda: ask("http://127.0.0.1:9070/deployments", there))
        run = lambda _=None: ask("http://127.0.0.1:8080/bench/steps", STEPS)
        assert patiently(run) == STEPS
        begin = time.perf_counter()
        assert all(run() == STEPS for _ in range(RUNS))
        needed = time.perf_counter() - begin
        print(f"Restate: {RUNS * STEPS / needed:.0f} steps/s one at a time")
        runs = 10 * AT_ONCE
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            begin = time.perf_counter()
            assert all(done == STEPS for done in pool.map(run, range(runs)))
            needed = time.perf_counter() - begin
            print(f"Restate: {runs * STEPS / needed:.0f} steps/s, {AT_ONCE} runs at a time")
            empty = lambda _: ask("http://127.0.0.1:8080/bench/steps", 0)
            begin = time.perf_counter()
            assert all(done == 0 for done in pool.map(empty, range(runs)))
            needed = time.perf_counter() - begin
            print(f"Restate: {runs / needed:.0f} runs/s started and ended, {AT_ONCE} at a time")
        with open(f"/proc/{server.pid}/status") as status:
            (peak,) = [line.split()[1] for line in status if line.startswith("VmHWM:")]
        print(f"Restate: {int(peak) // 1024} MB at most")
    finally:
        for process in (service, server):
            process.kill()
            process.wait()


def ours():
    if OURS:
        subprocess.run([OURS, "steps", "starts"], check=True)


if __name__ == "__main__":
    print("load:", os.getloadavg()[0])
    os.makedirs(FOLDER, exist_ok=True)
    ours()
    langgraph()
    dbos()
    restate()
    ours()
    shutil.rmtree(FOLDER)
    print("load:", os.getloadavg()[0])
