//! `prismc check --fix`: what is changed, what is left alone, and what is told.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, text) in files {
            std::fs::create_dir_all(folder.path(name).parent().unwrap()).unwrap();
            std::fs::write(folder.path(name), text).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Status, standard output, standard error.
    fn fix(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_prismc"));
        command.args(["check", "--fix"]).args(args).current_dir(self.0.path());
        let output = command.env("NO_COLOR", "1").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// The texts that a file has after `--fix`.
    #[track_caller]
    fn becomes(&self, name: &str, expected: &str) {
        let (_, _, told) = self.fix(&[name]);
        assert_eq!(self.read(name), expected, "{told}");
    }
}

fn of_one(text: &str) -> Folder {
    Folder::new(&[("main.prism", text)])
}

#[test]
fn fixes_are_applied_and_told() {
    let folder = of_one("var total = 1\nprint(totl)\n");
    let (status, stdout, told) = folder.fix(&["main.prism"]);
    assert_eq!(folder.read("main.prism"), "let total = 1\nprint(total)\n", "{told}");
    assert_eq!((status, stdout.as_str()), (0, ""), "{told}");
    assert!(told.contains("fixed main.prism:1:1: P0135: write `let`\n"), "{told}");
    assert!(told.contains("fixed main.prism:2:7: P0501: write `total`\n"), "{told}");
    assert!(told.contains("2 fixes, 1 file changed"), "{told}");
}

#[test]
fn a_fix_that_overlaps_waits_for_the_next_round() {
    // Both the value and the operator in it have a fix.
    let folder = of_one("let alpha = 1\nlet beta = 2\nalhpa + bta\nprint(alpha, beta)\n");
    folder.becomes("main.prism", "let alpha = 1\nlet beta = 2\nprint(alpha, beta)\n");
}

#[test]
fn json_lists_what_was_applied() {
    let folder = of_one("let count = 1\nprint(cuont)\nnothing_like_it(1)\n");
    let (status, stdout, _) = folder.fix(&["--json", "main.prism"]);
    let object: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(status, 1);
    let expected = json!([{
        "round": 1, "code": "P0501", "file": "main.prism", "title": "write `count`",
        "message": object["applied"][0]["message"],
        "edits": [{
            "file": "main.prism", "span": [20, 25], "insert": "count",
            "start": { "line": 2, "column": 7 }, "end": { "line": 2, "column": 12 },
        }],
    }]);
    assert_eq!(object["applied"], expected);
    assert_eq!((&object["changed"], &object["errors"]), (&json!(1), &json!(1)));
    assert_eq!(object["diagnostics"][0]["code"], "P0501");
    assert_eq!(object["diagnostics"][0]["start"]["line"], 3, "places are those of the new text");
}

#[test]
fn imported_files_are_mended_and_others_are_left_alone() {
    let good = "export const y = 2\n";
    let folder = Folder::new(&[
        ("main.prism", "import { x } from \"./lib/a\"\nimport { y } from \"./good\"\nx + y\n"),
        ("lib/a.prism", "var x = 1\nexport { x }\n"),
        ("good.prism", good),
        ("other.prism", "var z = 1\nprint(z)\n"),
    ]);
    let time = |name| std::fs::metadata(folder.path(name)).unwrap().modified().unwrap();
    let before = (time("main.prism"), time("good.prism"));
    let (status, _, told) = folder.fix(&["main.prism"]);
    assert_eq!(status, 0, "{told}");
    assert_eq!(folder.read("lib/a.prism"), "let x = 1\nexport { x }\n");
    assert_eq!(folder.read("other.prism"), "var z = 1\nprint(z)\n");
    assert_eq!((time("main.prism"), time("good.prism")), before, "not even written");
    assert!(told.contains("1 fix, 1 file changed"), "{told}");
    let names = |folder: PathBuf| std::fs::read_dir(folder).unwrap().count();
    assert_eq!(names(folder.path("lib")), 1, "nothing is left beside the file");
}

#[test]
fn line_ends_and_marks_stay() {
    let folder = of_one("\u{feff}var a = 1\r\n1 + 2\r\nprint(a)\r\n");
    folder.becomes("main.prism", "\u{feff}let a = 1\r\nprint(a)\r\n");
}

#[test]
fn keys_of_the_manifest_are_mended() {
    let folder = Folder::new(&[("main.prism", "1\n"), ("prism.toml", "[pakage]\nname = \"x\"\n")]);
    folder.fix(&["main.prism"]);
    assert_eq!(folder.read("prism.toml"), "[package]\nname = \"x\"\n");
}

#[test]
fn a_link_stays_a_link_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new(&[("real/a.prism", "var a = 1\na\n")]);
    let real = folder.path("real/a.prism");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o750)).unwrap();
    std::os::unix::fs::symlink(&real, folder.path("link.prism")).unwrap();
    folder.fix(&["link.prism"]);
    assert_eq!(folder.read("real/a.prism"), "let a = 1\na\n");
    assert!(std::fs::symlink_metadata(folder.path("link.prism")).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(real).unwrap().permissions().mode() & 0o777, 0o750);
}

#[test]
fn a_file_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = of_one("var a = 1\na\n");
    let path = folder.path("main.prism");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o440)).unwrap();
    let (status, _, told) = folder.fix(&["main.prism"]);
    assert_eq!(status, 2, "{told}");
    assert!(told.contains("`main.prism` was not changed: it is read-only"), "{told}");
    assert_eq!(folder.read("main.prism"), "var a = 1\na\n");
}

#[test]
fn a_text_that_cannot_be_read_keeps_what_only_seems_superfluous() {
    let broken = "let a = 1\na |= 2\n1 + 1\nprint(a)\n";
    of_one(broken).becomes("main.prism", broken);
}

#[test]
fn nothing_to_fix_changes_nothing() {
    let folder = of_one("let a = 1\na\n");
    let (status, _, told) = folder.fix(&["main.prism"]);
    assert_eq!(status, 0);
    assert!(told.contains("0 fixes, 0 files changed"), "{told}");
    let (status, _, _) = folder.fix(&["missing.prism"]);
    assert_eq!(status, 2);
}

const IRREVERSIBLE: &str =
    "irreversible effect deploy { ship(plan: any ~>= 0.9 LEVEL, note?: string): null }\n";

/// Fixes a program around an operation that demands a level, and checks that nothing is left.
#[track_caller]
fn is_trusted(level: &str, before: &str, after: &str) {
    let whole = |text: &str| {
        let (import, text) = match text.strip_prefix("import") {
            Some(_) => text.split_once('\n').unwrap(),
            None => ("", text),
        };
        let effect = IRREVERSIBLE.replace("LEVEL", level);
        let end = "handle { go() } with { deploy.ship(plan, note) => resume(null) }\n";
        let import = if import.is_empty() { String::new() } else { format!("{import}\n") };
        format!("// A comment.\n{import}{effect}{text}{end}")
    };
    let folder = of_one(&whole(before));
    let (status, _, told) = folder.fix(&["main.prism"]);
    assert_eq!(folder.read("main.prism"), whole(after), "{told}");
    assert_eq!(status, 0, "{told}");
}

#[test]
fn what_a_person_may_decide_is_put_to_one() {
    is_trusted(
        "reviewed",
        "function go() {\n  let plan = llm(\"plan\")\n  deploy.ship(plan)\n  deploy.ship(llm(\"x\"))\n}\n",
        "import { approved } from \"@prism/control\"\nfunction go() {\n  let plan = llm(\"plan\")\n  deploy.ship(approved(plan, \"is this right?\"))\n  deploy.ship(approved(llm(\"x\"), \"is this right?\"))\n}\n",
    );
}

#[test]
fn the_only_function_that_vouches_for_it_is_called() {
    let tested = "function tested(x): any ~>= 0.9 verified {\n  if workspace.exec([\"make\"]).status != 0 { throw \"no\" }\n  return x ~> 0.95 verified\n}\n";
    is_trusted(
        "verified",
        &format!("{tested}function go() {{ deploy.ship(llm(\"plan\")) }}\n"),
        &format!("{tested}function go() {{ deploy.ship(tested(llm(\"plan\"))) }}\n"),
    );
}

#[test]
fn without_such_a_function_there_is_nothing_to_apply() {
    let text = IRREVERSIBLE.replace("LEVEL", "verified")
        + "function go() { deploy.ship(llm(\"plan\")) }\ngo\n";
    let folder = of_one(&text);
    assert_eq!(folder.fix(&["main.prism"]).0, 1);
    assert_eq!(folder.read("main.prism"), text);
}

#[test]
fn a_decision_is_put_to_whoever_may_make_it() {
    is_trusted(
        "reviewed",
        "function go() {\n  let answer = llm(\"ship it?\")\n  if (answer ~> 0.9) { deploy.ship(\"v2\") }\n}\n",
        "import { approved } from \"@prism/control\"\nfunction go() {\n  let answer = llm(\"ship it?\")\n  if (approved(answer, \"is this right?\") ~> 0.9) { deploy.ship(\"v2\") }\n}\n",
    );
    is_trusted(
        "reviewed",
        "function go() {\n  let answer = llm(\"ship it?\")\n  if (answer != \"yes\") { return }\n  deploy.ship(\"v2\")\n}\n",
        "import { approved } from \"@prism/control\"\nfunction go() {\n  let answer = llm(\"ship it?\")\n  if (approved(answer != \"yes\", \"is this right?\")) { return }\n  deploy.ship(\"v2\")\n}\n",
    );
}

#[test]
fn what_may_be_null_is_asked_for_softly() {
    let folder = of_one(
        "function f(o: { n: number } | null, xs: number[] | null, k: number | null, g: (() => number) | null) {\n  return [o.n, xs[0], k * 2, g(), xs.map(x => x)]\n}\nf\n",
    );
    let (status, _, told) = folder.fix(&["main.prism"]);
    assert_eq!(
        folder.read("main.prism"),
        "function f(o: { n: number } | null, xs: number[] | null, k: number | null, g: (() => number) | null) {\n  return [o?.n, xs?.[0], (k ?? 0) * 2, g?.(), xs?.map(x => x)]\n}\nf\n",
        "{told}"
    );
    assert_eq!(status, 0, "{told}");
}

#[test]
fn a_raised_level_is_declared() {
    let program = |head: &str| {
        format!(
            "function tested(x){head} {{\n  if workspace.exec([\"make\"]).status != 0 {{ throw \"no\" }}\n  return x ~> 0.95 verified\n}}\ntested(1)\n"
        )
    };
    for (before, after) in [
        ("", ": any ~>= 0.95 verified"),
        (": number", ": number ~>= 0.95 verified"),
        (": any ~>= 0.9", ": any ~>= 0.9 verified"),
        (": any uses workspace", ": any ~>= 0.95 verified uses workspace"),
    ] {
        let folder = of_one(&program(before));
        let (status, _, told) = folder.fix(&["main.prism"]);
        assert_eq!(folder.read("main.prism"), program(after), "{told}");
        assert_eq!(status, 0, "{told}");
    }
}

/// What `--fix` must not make of a program is more important than what it makes of it.
#[track_caller]
fn all_become(rows: &[(&str, &str)]) {
    for (before, after) in rows {
        of_one(before).becomes("main.prism", after);
    }
}

#[test]
fn what_only_one_thing_can_be_meant_by_is_written() {
    all_become(&[
        ("print(\"hello)\n", "print(\"hello\")\n"),
        ("print([\"a])\nprint(1)\n", "print([\"a\"])\nprint(1)\n"),
        ("println!(\"x\")\n", "print(\"x\")\n"),
        ("print(\"a\" ~> 90)\n", "print(\"a\" ~> 0.9)\n"),
        ("let mut x = 5\nprint(x)\n", "let x = 5\nprint(x)\n"),
        ("let o = { a = 1 }\nprint(o)\n", "let o = { a: 1 }\nprint(o)\n"),
        ("let a = 1\n[1].map(x => a = x)\n", "let a = 1\n[1].map(x => { a = x })\n"),
        (
            "let a = 2\nif (a > 1) { print(1) } elif (a > 0) { print(2) }\n",
            "let a = 2\nif (a > 1) { print(1) } else if (a > 0) { print(2) }\n",
        ),
        (
            "function f(x: any ~>= 0.9 veryfied) { return x }\nf\n",
            "function f(x: any ~>= 0.9 verified) { return x }\nf\n",
        ),
        ("function f() { retrun 1 }\nf()\n", "function f() { return 1 }\nf()\n"),
        (
            "let f = lambda x: x + 1\nlet g = lambda a, b: a\nprint(f(1), g(1, 2))\n",
            "let f = x => x + 1\nlet g = (a, b) => a\nprint(f(1), g(1, 2))\n",
        ),
        (
            "let a = true\nif (a and not a) { print(a is null) }\n",
            "let a = true\nif (a && !a) { print(a == null) }\n",
        ),
        (
            "uncertain if (llm(\"?\")) { high: print(1), default=>print(2) }\n",
            "uncertain if (llm(\"?\")) { high -> print(1), default -> print(2) }\n",
        ),
        (
            "match 1 { 1 -> print(1), _ => print(2) }\n",
            "match 1 { 1 => print(1), _ => print(2) }\n",
        ),
        ("let xs = [1]\nxs.append(2)\nprint(xs)\n", "let xs = [1]\nxs.push(2)\nprint(xs)\n"),
        ("let x: int = 1\nprint(x, None)\n", "let x: number = 1\nprint(x, null)\n"),
    ]);
}

#[test]
fn what_nobody_can_know_is_left_to_people() {
    for text in [
        "let a = `one\nlet b = 2\n",
        "type A<T = number> = T[]\nlet a: A<number> = []\nprint(a)\n",
        "function f() { return arguments.length }\nprint(f())\n",
        "handle { llm(\"x\") } with { llm(p) => { let k = resume; 1 } }\n",
        "let xs = [2]\nxs.sort().reverse()\nprint(xs)\n",
        "let o = input.o\no?.xs.push(2)\nprint(o)\n",
        "let ok = true\nlet out = []\nok && out.push(1)\nok ? out.push(1) : null\nprint(out)\n",
        "function f(x: string | null): number { return x.length }\nprint(f(\"a\"))\n",
        "print(\"a\" ~> 1.5)\n",
        "let a = 1\nlet b = 2\nprint(not a == b)\n",
        "print(f(a = 1))\nfunction f(a) { return a }\n",
    ] {
        of_one(text).becomes("main.prism", text);
    }
}

#[test]
fn a_soft_question_is_taken_back_only_where_null_is_no_answer() {
    of_one(
        "function f(x: string | null): number {\n  print(x.length)\n  return x.length\n}\nf(\"a\")\n",
    )
    .becomes(
        "main.prism",
        "function f(x: string | null): number {\n  print(x?.length)\n  return x.length\n}\nf(\"a\")\n",
    );
    of_one(
        "function f(o: { nick?: string }): string {\n  print(o.nick)\n  return o.nick\n}\nf({})\n",
    )
    .becomes(
        "main.prism",
        "function f(o: { nick?: string }): string {\n  print(o?.nick)\n  return o.nick\n}\nf({})\n",
    );
}
