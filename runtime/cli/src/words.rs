//! Every sentence of this crate's own codes, P22xx.

use std::path::Path;

use crate::problem::Problem;

pub fn not_json(reason: &str) -> Problem {
    // serde_json ends with " at line L column C"; the excerpt shows the place.
    let reason = reason.split(" at line ").next().unwrap_or(reason);
    Problem::new("P2201", format!("this is not JSON: {reason}"))
        .with_help("a text needs quotes inside the quotes of the shell: --input '\"text\"'")
}

pub fn no_equals(found: &str) -> Problem {
    Problem::new("P2202", format!("`--set {found}` names no value"))
        .with_help("write --set NAME=JSON, or --set NAME=@FILE")
}

pub fn given_twice(name: &str) -> Problem {
    Problem::new("P2203", format!("`{name}` is given twice"))
        .with_help("keep one of them; `--input` is the same as `--set input=…`")
}

pub fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new("P2204", format!("`{}` cannot be read: {error}", path.display()))
        .with_help("check the path, and that you may read it; `@` is followed by a file name")
}

pub fn not_utf8(path: &Path) -> Problem {
    Problem::new("P2204", format!("`{}` cannot be read: it is not UTF-8 text", path.display()))
        .with_help("save the file as UTF-8")
}

pub fn unknown_name(name: &str, known: &[&str]) -> Problem {
    Problem::new("P2205", format!("the host has no name `{name}`"))
        .with_help(format!("the names of the host are {}", quoted(known)))
}

pub fn unknown_run(run: &str) -> Problem {
    Problem::new("P2206", format!("there is no run `{run}` in this store"))
        .with_help("`prism runs` lists them; `--store` chooses another store")
}

pub fn ambiguous_run(run: &str, candidates: &[String]) -> Problem {
    let names: Vec<&str> = candidates.iter().map(String::as_str).take(5).collect();
    Problem::new("P2206", format!("`{run}` is the beginning of several runs"))
        .with_help(format!("write more of it: {}", quoted(&names)))
}

pub fn not_waiting(run: &str, status: &str) -> Problem {
    Problem::new("P2207", format!("run `{run}` does not wait for a decision: it is {status}"))
        .with_help("`prism events RUN` shows what happened in it")
}

pub fn unknown_choice(choice: &str, choices: &[&str]) -> Problem {
    let problem = Problem::new("P2208", format!("`{choice}` is not one of the choices"));
    match choices {
        [] => problem.with_help("the program offers no choices; leave `--choice` out"),
        _ => problem.with_help(format!("the choices are {}", quoted(choices))),
    }
}

pub fn bad_answers(what: &str) -> Problem {
    Problem::new("P2209", format!("the script of answers cannot be used: {what}")).with_help(
        "its form is {\"llm\": [{\"value\": …, \"confidence\": 0.85}], \"human.approve\": […]}",
    )
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
