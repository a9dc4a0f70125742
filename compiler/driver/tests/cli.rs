//! `prismc` as a process: exit status, output for people and for tools, input that is wrong.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Folder(TempDir);

struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }

    fn prismc(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_prismc"));
        let output = command.args(args).current_dir(self.0.path()).env("NO_COLOR", "1").output();
        let output = output.unwrap();
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }
}

#[test]
fn check_says_clean_or_shows_the_place() {
    let folder = Folder::new(&[("good.prism", "let x = 1\nx + 1\n"), ("bad.prism", "x + 1\n")]);
    let ran = folder.prismc(&["check", "good.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let ran = folder.prismc(&["check", "bad.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("bad.prism:1:1") && ran.stderr.contains("P0501"), "{}", ran.stderr);
    // Both files through the folder.
    let ran = folder.prismc(&["check", "."]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("2 files"), "{}", ran.stderr);
}

#[test]
fn check_json_is_one_object() {
    let folder = Folder::new(&[("bad.prism", "let a = 1\na + missing\n")]);
    let ran = folder.prismc(&["check", "--json", "bad.prism"]);
    let object = ran.json();
    assert_eq!((ran.status, &object["errors"], &object["files"]), (1, &json!(1), &json!(1)));
    let found = &object["diagnostics"][0];
    assert_eq!((&found["code"], &found["severity"]), (&json!("P0501"), &json!("error")));
    assert_eq!(found["start"], json!({ "line": 2, "column": 5 }));
    assert_eq!(found["span"], json!([14, 21]));
    assert!(found["message"].as_str().unwrap().contains("missing"));
    let clean = Folder::new(&[("good.prism", "1\n")]).prismc(&["check", "--json", "good.prism"]);
    assert_eq!((clean.status, clean.json()["diagnostics"].clone()), (0, json!([])));
}

#[test]
fn of_very_many_diagnostics_people_see_some_and_tools_all() {
    // 300 warnings come first, then 250 errors.
    let names: String = (0..250).map(|n| format!("missing{n}\n")).collect();
    let text = "1 + 1\n".repeat(300) + &names;
    let folder = Folder::new(&[("many.prism", &text)]);
    let ran = folder.prismc(&["check", "many.prism"]);
    assert_eq!(ran.status, 1);
    let n_shown = |code: &str| ran.stderr.matches(code).count();
    assert_eq!((n_shown("[P0501]"), n_shown("[P0701]")), (200, 0));
    assert!(ran.stderr.contains("and 350 more, 50 of them errors"), "{}", ran.stderr);
    assert!(ran.stderr.contains("250 errors, 300 warnings"), "{}", ran.stderr);
    let all = folder.prismc(&["check", "--json", "many.prism"]).json();
    assert_eq!(all["diagnostics"].as_array().map(Vec::len), Some(550));
}

#[test]
fn effects_of_functions_are_listed() {
    let program = "\
effect audit { note(x: any): null }
function ask(q: string): any uses agent {
  return agent.call({ agent: \"a\", task: q }) ~> 0.9
}
function each(xs: any[]) { return xs.map(x => audit.note(x)) }
function quiet(xs: any[]) {
  return handle { each(xs) } with { audit.note(x) => resume(null) }
}
function apply(f) { return f(1) }
print(ask(\"q\"))
";
    let folder = Folder::new(&[("main.prism", program)]);
    let ran = folder.prismc(&["check", "--effects", "main.prism"]);
    let expected = "\
main.prism ask: (q: string) => any ~> 0.9 uses agent (agent.call at line 3)
main.prism each: (xs: any[]) => null[] uses audit (audit.note at line 5)
main.prism quiet: (xs: any[]) => any uses none
main.prism apply: (f) => any uses what it is given
main.prism module: () => null uses agent (agent.call at line 10)
";
    assert_eq!((ran.status, ran.stdout.as_str()), (0, expected), "{}", ran.stderr);
    let object = folder.prismc(&["check", "--effects", "--json", "main.prism"]).json();
    let ask = json!({
        "file": "main.prism", "name": "ask", "type": "(q: string) => any ~> 0.9",
        "effects": ["agent"], "enters": [{ "operation": "agent.call", "line": 3 }],
        "calls_unknown": false,
    });
    assert_eq!((&object["functions"][0], &object["errors"]), (&ask, &json!(0)));
}

#[test]
fn facts_of_programs_are_listed() {
    let program = "\
/**
 * @name Review
 * @agents { \"capabilities\": [\"code\"] }
 */
function review(x) { return agent.call({ agent: \"reviewer\", task: x }) }
for x in [\"a\", \"b\"] { print(review(x), llm(\"sum up\")) }
escalate(\"look\")
";
    let open = "for x in input.xs {\n  agent.call({ agent: \"reviewer\", task: x })\n}\n";
    let manifest = "[package]\nname = \"p\"\n\n[agents.reviewer]\nkind = \"script\"\n";
    let folder = Folder::new(&[("main.prism", program), ("open.prism", open)]);
    let ran = folder.prismc(&["check", "--facts", "main.prism", "open.prism"]);
    let expected = "\
main.prism: at most 2 agent calls
main.prism: at most 2 model calls
main.prism: needs the agents reviewer
main.prism: needs the capabilities code
main.prism: asks people
main.prism: uses agent, human, llm
open.prism: no bound on agent calls: the length of the list is not known (open.prism:1)
open.prism: needs the agents reviewer
open.prism: uses agent
";
    assert_eq!((ran.status, ran.stdout.as_str()), (0, expected), "{}", ran.stderr);
    let object = folder.prismc(&["check", "--facts", "--json", "open.prism"]).json();
    let facts = json!({
        "file": "open.prism",
        "agent_calls": {
            "at_most": null, "why": "the length of the list is not known",
            "file": "open.prism", "line": 1,
        },
        "model_calls": { "at_most": 0 }, "min_agents": null, "agents": ["reviewer"],
        "groups": [], "capabilities": [], "effects": ["agent"], "calls_unknown": false,
    });
    assert_eq!((&object["programs"], &object["errors"]), (&json!([facts]), &json!(0)));
    folder.write("unknown.prism", "let f = input.f\nf(1)\n");
    let ran = folder.prismc(&["check", "--facts", "unknown.prism"]);
    let expected = "\
unknown.prism: no agent calls
unknown.prism: uses what unknown functions use
";
    assert_eq!((ran.status, ran.stdout.as_str()), (0, expected), "{}", ran.stderr);
    // What the manifest does not have is an error, with the facts all the same.
    folder.write("prism.toml", manifest.replace("reviewer", "writer"));
    let ran = folder.prismc(&["check", "--facts", "open.prism"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("needs the agents reviewer"), "{}", ran.stdout);
}

#[test]
fn errors_of_imported_files_are_reported_once() {
    let files = [
        ("main.prism", "import { x } from \"./lib\"\nx\n"),
        ("lib.prism", "export let x = missing\n"),
    ];
    let object = Folder::new(&files).prismc(&["check", "--json", "main.prism", "lib.prism"]).json();
    assert_eq!(object["errors"], 1, "{object}");
    assert_eq!(object["diagnostics"][0]["file"], "lib.prism");
}

#[test]
fn what_cannot_be_read_is_usage() {
    let folder = Folder::new(&[]);
    folder.write("latin.prism", b"let x = \"\xe9\"\n");
    for args in [&["check", "missing.prism"][..], &["check", "latin.prism"], &["dance"], &["check"]]
    {
        let ran = folder.prismc(args);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.is_empty());
    }
}

#[test]
fn build_gives_the_same_bytes_every_time_and_nothing_for_errors() {
    let text = "import { parallel } from \"@prism/execution\"\n\
                let f = x => x + 1\n[1, 2].map(f) ~> 0.5\n";
    let folder = Folder::new(&[("a/main.prism", text), ("bad.prism", "missing\n")]);
    for out in ["1.prismc", "2.prismc"] {
        let ran = folder.prismc(&["build", "a/main.prism", "-o", out]);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    }
    assert_eq!(folder.read("1.prismc"), folder.read("2.prismc"));
    let ran = folder.prismc(&["build", "bad.prism", "-o", "bad.prismc"]);
    assert_eq!(ran.status, 1);
    assert!(!folder.0.path().join("bad.prismc").exists());
    let ran = folder.prismc(&["build", "a/main.prism"]);
    assert_eq!(ran.status, 2, "an artifact needs a place");
    let ran = folder.prismc(&["build", "a/main.prism", "-o", "no/such/folder/x.prismc"]);
    assert_eq!(ran.status, 2);
}

#[test]
fn every_stage_prints_and_prints_the_same_again() {
    let folder = Folder::new(&[("main.prism", "let x = 2\nprint(`${x * 21}`)\n")]);
    for stage in ["tokens", "ast", "hir", "ir", "bytecode"] {
        let args = ["build", "main.prism", "--emit", stage];
        let ran = folder.prismc(&args);
        assert_eq!(ran.status, 0, "{stage}: {}", ran.stderr);
        assert!(ran.stdout.lines().count() > 1, "{stage}: {}", ran.stdout);
        assert_eq!(folder.prismc(&args).stdout, ran.stdout, "{stage}");
    }
    let level = |level| folder.prismc(&["build", "main.prism", "--emit", "ir", level]).stdout;
    assert!(level("-O0").contains("21") && !level("-O1").contains("21"), "{}", level("-O1"));
}

#[test]
fn broken_programs_still_show_their_tokens_and_tree() {
    let folder = Folder::new(&[("cut.prism", "let x = (1 + \n")]);
    for stage in ["tokens", "ast"] {
        let ran = folder.prismc(&["build", "cut.prism", "--emit", stage]);
        assert_eq!(ran.status, 0, "{stage}: {}", ran.stderr);
    }
    assert_eq!(folder.prismc(&["build", "cut.prism", "--emit", "ir"]).status, 1);
}

#[test]
fn explain_prints_pages() {
    let folder = Folder::new(&[]);
    let ran = folder.prismc(&["explain", "p0001"]);
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.starts_with("# P0001") && ran.stdout.contains("## Fix"));
    let all = folder.prismc(&["explain"]).stdout;
    assert!(all.lines().count() > 20 && all.contains("P0001"), "{all}");
    assert_eq!(folder.prismc(&["explain", "P7777"]).status, 2);
    assert!(folder.prismc(&["explain", "P0899"]).stdout.contains("mistake of the compiler"));
}

#[test]
fn the_help_of_every_verb_shows_an_example() {
    let folder = Folder::new(&[]);
    for verb in ["check", "build", "explain", "completions"] {
        let ran = folder.prismc(&[verb, "--help"]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("Example"), "{verb}");
    }
    assert!(folder.prismc(&["completions", "zsh"]).stdout.contains("prismc"));
}

#[test]
fn colour_is_used_when_asked_for() {
    let folder = Folder::new(&[("bad.prism", "missing\n")]);
    assert!(!folder.prismc(&["check", "bad.prism"]).stderr.contains('\u{1b}'));
    let ran = folder.prismc(&["--color", "always", "check", "bad.prism"]);
    assert!(ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
}
