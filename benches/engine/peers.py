"""Durable steps in the frameworks that people use instead, on the same disk.

    python3 -m venv venv && venv/bin/pip install langgraph langgraph-checkpoint-sqlite dbos
    venv/bin/python benches/engine/peers.py [FOLDER]

A step returns a random number, as in `src/main.rs`. LangGraph writes a checkpoint to SQLite after
each (durability `sync`: before the next one begins); DBOS records each step of a workflow.
Afterwards the rows that they wrote are counted.
"""

import os
import random
import sqlite3
import sys
import time

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "bench-peers"
STEPS, RUNS = 10, 50


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


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    langgraph()
    dbos()
