//! `prism repl` from a pipe.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::io::Write;
use std::process::Stdio;

use common::Project;

/// Enters lines; gives back status, standard output and standard error.
fn enter(project: &Project, lines: &str) -> (i32, String, String) {
    enter_bytes(project, lines.as_bytes())
}

fn enter_bytes(project: &Project, lines: &[u8]) -> (i32, String, String) {
    let mut command = project.command(&["repl"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn values_have_types_and_confidences() {
    let (status, shown, _) =
        enter(&Project::new(""), "1 + 2\nlet x = \"yes\" ~> 0.9\nx\n[x, 1].length\n");
    assert_eq!(
        (status, shown.as_str()),
        (0, "3 : number\n\"yes\" ~> 0.9 : \"yes\" ~> 0.9\n2 : number\n")
    );
}

#[test]
fn an_entry_may_have_several_lines() {
    let (status, shown, _) = enter(
        &Project::new(""),
        "function f(n) {\n  n * 2\n}\nf(\n  21\n)\nprint(\"a\")\nprint(\"b\")\n",
    );
    // What an earlier entry printed is not printed again.
    assert_eq!((status, shown.as_str()), (0, "42 : number\na\nb\n"));
}

#[test]
fn a_declaration_has_no_value_and_an_error_stands_alone() {
    let (_, shown, errors) = enter(
        &Project::new(""),
        "1 + 2\nfunction f(n) { n }\nimport { race } from \"@prism/execution\"\nf(4) + nope\n",
    );
    assert_eq!(shown, "3 : number\n");
    assert!(errors.contains("P0501") && !errors.contains("P0701"), "{errors}");
}

#[test]
fn a_wrong_entry_is_forgotten() {
    let (status, shown, errors) =
        enter(&Project::new(""), "let x = 1\nx = missing\nx = JSON.parse(\"{\")\nx\n");
    assert_eq!((status, shown.as_str()), (1, "1 : 1\n"));
    assert!(errors.contains("P0501") && errors.contains("P1021"), "{errors}");
}

#[test]
fn effects_keep_their_answers() {
    let (_, shown, _) =
        enter(&Project::new(""), "let r = random()\nlet s = r\nr == s\nllm(\"?\")\n");
    assert_eq!(shown, "true : boolean\n");
}

#[test]
fn imports_are_those_of_the_folder() {
    let project = Project::new("");
    project.write("other.prism", "export function double(x) { x * 2 }\n");
    let (status, shown, _) = enter(
        &project,
        "import { double } from \"./other\"\ndouble(4)\n:type double\n:reset\ndouble(4)\n:quit\n7\n",
    );
    assert_eq!(status, 1, "after :reset the name is gone");
    assert!(shown.starts_with("8 : ") && !shown.contains('7'), "{shown}");
}

#[test]
fn a_line_that_is_no_text_is_an_error_of_its_own() {
    let (status, shown, errors) = enter_bytes(&Project::new(""), b"1+1\n\xff\n2+2\n");
    assert_eq!((status, shown.as_str()), (1, "2 : number\n4 : number\n"));
    assert!(errors.contains("P2204"), "{errors}");
}

#[test]
fn an_endless_entry_fails_and_the_session_goes_on() {
    let lines = "let n = 1\nwhile true { n += 1 }\nn\n";
    let (status, shown, wrong) = enter(&Project::new(""), lines);
    assert_eq!((status, shown.as_str()), (1, "1 : 1\n"), "{wrong}");
    assert!(wrong.contains("[P1101]") && wrong.contains("prism repl --fuel"), "{wrong}");
}

#[test]
fn fibers_sleep_side_by_side_and_wake_up_in_order() {
    let lines = "import { race, timeout } from \"@prism/execution\"\n\
                 let order = []\n\
                 let f = n => () => { sleep(n); order.push(n); n }\n\
                 parallel([f(30), f(1), f(15)])\n\
                 order\n\
                 race([f(3600000), f(1)])\n\
                 timeout(1, f(3600000), { fallback: \"late\" })\n\
                 order\n";
    let (status, shown, wrong) = enter(&Project::new(""), lines);
    assert_eq!(status, 0, "{wrong}");
    let values: Vec<&str> =
        shown.lines().map(|line| line.split(" : ").next().unwrap_or("")).collect();
    let expected = ["[30, 1, 15]", "[1, 15, 30]", "1", "\"late\"", "[1, 15, 30, 1]"];
    assert_eq!(values, expected, "{shown}");
}
