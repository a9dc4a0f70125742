#!/usr/bin/env python3
"""How long an editor waits for diagnostics after a keystroke.

Generates a project of 500 files with 100,000 lines, opens it in `prismc lsp` as an editor does,
and makes one-line edits in the bodies of functions. Prints, in milliseconds, the time from the
first byte of `didChange` to the last byte of `publishDiagnostics` of that version, and what the
server's process took: memory, and processor time per edit.

    cargo build --release --package prism-driver
    python3 benches/edit/edit.py target/release/prismc
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

FILES = 500
FUNCTIONS = 18
LINES = 200
EDITS = int(os.environ.get("EDITS", "400"))


def source(number):
    """A file of 200 lines; it imports two files that come before it."""
    before = sorted({number // 2, number - 1} - {number, -1})
    lines = [f'import {{ step0 as from{one} }} from "./m{one}"' for one in before]
    for function in range(FUNCTIONS):
        if function > 0:
            call = f"step{function - 1}(left, right)"
        else:
            call = f"from{before[-1]}(left, right)" if before else "left"
        lines += [
            f"export function step{function}(left, right) {{",
            f"  let total = left + {function}",
            "  let items = [left, right, total]",
            "  let best = items.filter(item => item > 1).map(item => item * 2)",
            '  let record = { name: "step", size: best.length, total: total }',
            f"  let sure = record.size ~> 0.{function % 9 + 1}",
            "  if (record.total > 10) {",
            f"    return {call}",
            "  }",
            "  return sure ~?> 0.5",
            "}",
        ]
    assert len(lines) <= LINES
    return "\n".join(lines) + "\n" * (LINES - len(lines) + 1)


class Editor:
    """Speaks with one server; reads exactly as much as it waits for."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.next_id = 0

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.next_id and "method" not in message:
                return message["result"]

    def read(self):
        output = self.process.stdout
        length = 0
        while (line := output.readline().strip()) != b"":
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(output.read(length))

    def wait_for(self, uri, version):
        """Other diagnostics come in between, and are counted."""
        others = 0
        while True:
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                if params["uri"] == uri and params.get("version") == version:
                    return params["diagnostics"], others
                others += 1

    def memory(self, field):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(field))
        return int(line.split()[1]) / 1024

    def processor(self):
        """Seconds of all threads."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1000


def edits(editor, folder, number, label):
    """One-line edits in the bodies of the functions of one file."""
    path = folder / f"m{number}.prism"
    uri, text = path.as_uri(), path.read_text()
    document = {"uri": uri, "languageId": "prism", "version": 1, "text": text}
    editor.tell("textDocument/didOpen", {"textDocument": document})
    editor.wait_for(uri, 1)
    lines = text.split("\n")
    bodies = [at for at, line in enumerate(lines) if line.startswith("  let total")]
    times, others = [], 0
    start_of_all = editor.processor()
    for edit in range(EDITS):
        line = bodies[edit % len(bodies)]
        # Every fifth edit is a mistake, which the next edit of the same line mends.
        name = "lft" if edit % 5 == 0 else "left"
        insert = f"  let total = {name} + {edit + FUNCTIONS}"
        place = {
            "start": {"line": line, "character": 0},
            "end": {"line": line, "character": len(lines[line])},
        }
        lines[line] = insert
        params = {
            "textDocument": {"uri": uri, "version": edit + 2},
            "contentChanges": [{"range": place, "text": insert}],
        }
        start = time.perf_counter()
        editor.tell("textDocument/didChange", params)
        found, more = editor.wait_for(uri, edit + 2)
        times.append(time.perf_counter() - start)
        others += more
        wrong = sum("lft" in line for line in lines)
        undefined = sum(one["code"] == "P0501" for one in found)
        assert undefined == wrong, f"{undefined} names are undefined, not {wrong}: {found}"
        # A person is slower than this; the files that depend on this one are checked meanwhile.
        time.sleep(0.02)
    cpu = (editor.processor() - start_of_all) / EDITS * 1000
    print(
        f"{label:32} p50 {percentile(times, 0.5):7.2f}  p99 {percentile(times, 0.99):7.2f}"
        f"  least {min(times) * 1000:6.2f}  processor {cpu:6.2f} per edit"
        f"  ({others} other files told)"
    )
    editor.tell("textDocument/didClose", {"textDocument": {"uri": uri}})


def main():
    server = sys.argv[1] if len(sys.argv) > 1 else "target/release/prismc"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for number in range(FILES):
            (folder / f"m{number}.prism").write_text(source(number))
        editor = Editor([server, "lsp"])
        start = time.perf_counter()
        editor.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": None,
                "workspaceFolders": [{"uri": folder.as_uri(), "name": "bench"}],
                "capabilities": {"general": {"positionEncodings": ["utf-8"]}},
            },
        )
        editor.tell("initialized", {})
        # Its answer comes when every file was read and checked.
        report = editor.ask("workspace/diagnostic", {"previousResultIds": []})
        assert len(report["items"]) == FILES
        seconds = time.perf_counter() - start
        print(f"{FILES} files, {FILES * LINES} lines: opened and checked in {seconds:.2f} s")
        print(f"memory {editor.memory('VmRSS'):.0f} MiB")
        edits(editor, folder, FILES - 1, "a file that nothing imports")
        edits(editor, folder, FILES // 2, "a file that some import")
        edits(editor, folder, 0, "the file that all depend on")
        print(f"memory {editor.memory('VmRSS'):.0f} MiB, at most {editor.memory('VmHWM'):.0f} MiB")
        editor.ask("shutdown", None)
        editor.tell("exit", None)
        assert editor.process.wait(timeout=10) == 0


if __name__ == "__main__":
    main()
