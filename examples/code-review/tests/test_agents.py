"""The reviewers as programs: what they answer, what they refuse, and that they are repeatable."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
AGENTS = HERE.parent / "agents"
PROGRAMS = {
    "secrets": [sys.executable, str(AGENTS / "secret_scan.py")],
    "safety": [sys.executable, str(AGENTS / "safety.py")],
    "complexity": [sys.executable, str(AGENTS / "complexity.py")],
    "coverage": [sys.executable, str(AGENTS / "coverage.py")],
    "hygiene": ["sh", str(AGENTS / "hygiene.sh")],
}

GOOD = '//! Adds.\n\n/// The sum.\npub fn sum(a: u8, b: u8) -> u8 {\n    a.saturating_add(b)\n}\n' * 40


def ask(agent, folder, given):
    """Every line that the agent writes for one request, as data."""
    request = {
        "id": "call-7", "task": "review", "input": given, "context": None,
        "deadline_ms": 60_000, "idempotency_key": "k",
    }
    line = json.dumps(request, separators=(",", ":")) + "\n"
    done = subprocess.run(
        PROGRAMS[agent], input=line, capture_output=True, text=True, cwd=folder, timeout=60,
        env={**os.environ, "PRISM_CWD": str(folder)}, check=False,
    )
    assert done.returncode == 0 and done.stderr == "", done
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(line["id"] == "call-7" for line in lines), lines
    return lines


def answer(agent, folder, given=None):
    return ask(agent, folder, given or {"path": "."})[-1]


class Reviewers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")

    def test_good_code_is_approved_with_confidence(self):
        self.write("src/lib.rs", GOOD)
        self.write("tests/all.rs", "#[test]\nfn t() { sum(1, 2); }\n")
        for agent in PROGRAMS:
            with self.subTest(agent):
                found = answer(agent, self.folder)
                self.assertEqual(found["value"]["verdict"], "approve", found)
                self.assertEqual(found["value"]["findings"], [])
                self.assertEqual(found["value"]["files"], 2)
                self.assertTrue(0.8 < found["confidence"] <= 1, found)

    def test_each_reviewer_finds_its_problem(self):
        conflict = "<" * 7 + " ours\nlet a = 1;\n"
        key = "AKI" + "A" + "Z3QVN8XKP2WDR7TL"
        problems = {
            "secrets": (f'let key = "{key}";\n', "reject", "cloud-key", 1),
            "safety": ("fn f() { unsafe { a() } }\n" * 5, "changes", "unsafe-without-reason", 1),
            "complexity": ("\n" + "fn f() {\n" + "    a();\n" * 200 + "}\n", None, "long-function", 2),
            "coverage": ("//! A.\npub fn f() {}\n", None, "undocumented", 2),
            "hygiene": ("// a\n" + conflict, "reject", "merge-conflict", 2),
        }
        for agent, (text, verdict, rule, line) in problems.items():
            with self.subTest(agent):
                self.write("src/lib.rs", text)
                found = answer(agent, self.folder)["value"]
                first = found["findings"][0]
                self.assertEqual((first["file"], first["line"], first["rule"]), ("src/lib.rs", line, rule))
                self.assertTrue(first["message"] and first["severity"])
                if verdict:
                    self.assertEqual(found["verdict"], verdict)

    def test_answers_are_repeatable(self):
        for name in ("b.py", "a.rs", "c/d.js", "c/a.py"):
            self.write(name, "x = eval(y)\nunsafe { panic!() }\n" * 5)
        for agent in PROGRAMS:
            with self.subTest(agent):
                self.assertEqual(ask(agent, self.folder, {"path": "."}), ask(agent, self.folder, {"path": "."}))

    def test_little_code_makes_every_verdict_uncertain(self):
        self.write("src/lib.rs", "//! Small.\nfn one() {}\n")
        for agent in PROGRAMS:
            with self.subTest(agent):
                self.assertLess(answer(agent, self.folder)["confidence"], 0.7)

    def test_nothing_to_review_has_no_confidence(self):
        for agent in PROGRAMS:
            with self.subTest(agent):
                found = answer(agent, self.folder)
                self.assertEqual((found["value"]["verdict"], found["confidence"]), ("approve", 0))

    def test_what_cannot_be_read_lowers_the_confidence(self):
        self.write("src/lib.rs", GOOD)
        self.write("tests/all.rs", "#[test]\nfn t() { sum(1, 2); }\n")
        before = answer("safety", self.folder)["confidence"]
        self.write("src/broken.rs", "fn f() { \" never closed\n" * 100)
        self.write("src/large.rs", "// x\n" * 200_000)
        self.write("src/binary.rs", b"\0\1\2" * 100)
        self.write("src/latin.rs", b"// caf\xe9\n")
        after = answer("safety", self.folder)
        self.assertLess(after["confidence"], before / 2)
        reasons = {entry["path"]: entry["reason"] for entry in after["value"]["skipped"]}
        self.assertEqual(reasons, {"src/binary.rs": "binary", "src/large.rs": "too large"})
        for agent in PROGRAMS:
            self.assertIn("value", answer(agent, self.folder))

    def test_only_the_given_files_are_read(self):
        self.write("a.rs", GOOD)
        self.write("b.rs", GOOD)
        for agent in PROGRAMS:
            with self.subTest(agent):
                given = {"path": ".", "files": ["b.rs", "missing.rs", "../outside.rs"]}
                self.assertEqual(answer(agent, self.folder, given)["value"]["files"], 1)

    def test_a_single_file_can_be_reviewed(self):
        self.write("a.rs", GOOD)
        for agent in PROGRAMS:
            with self.subTest(agent):
                self.assertEqual(answer(agent, self.folder, {"path": "a.rs"})["value"]["files"], 1)

    def test_a_path_that_is_missing_is_refused_for_good(self):
        for agent in PROGRAMS:
            for given in ({"path": "nowhere"}, {}, None):
                with self.subTest(agent, given=given):
                    error = ask(agent, self.folder, given)[-1]["error"]
                    self.assertEqual(error["retryable"], False)
                    self.assertIn("path", error["message"])

    def test_hostile_code_does_not_stop_a_review(self):
        self.write("deep.rs", "fn f() " + "{" * 50_000 + "\n")
        self.write("deep.py", "x = " + "(" * 5_000 + "\n" + "-" * 100_000 + "1\n")
        self.write("line.js", "a(" + "'" * 100_001)
        self.write("quotes.rs", "r####\"" + "\"###" * 10_000)
        self.write("comments.rs", "/*" * 50_000)
        self.write("name with \"quotes\" and \u00e9.rs", GOOD)
        for agent in PROGRAMS:
            with self.subTest(agent):
                self.assertIn("value", answer(agent, self.folder))


if __name__ == "__main__":
    unittest.main()
