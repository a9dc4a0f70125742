//! Every sentence of this crate's own codes, P22xx.

use std::path::Path;

use prism_bytecode::{DecodeError, VerifyError};
use prism_driver::{What, shown};
use prism_schedule::Mistake;

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
    Problem::new("P2204", format!("`{}` cannot be read: {error}", shown(path)))
        .with_help("check the path, and that you may read it")
}

pub fn line_not_utf8() -> Problem {
    Problem::new("P2204", "this line cannot be read: it is not UTF-8 text")
}

pub fn not_utf8(path: &Path) -> Problem {
    Problem::new("P2204", format!("`{}` cannot be read: it is not UTF-8 text", shown(path)))
        .with_help("save the file as UTF-8")
}

pub fn unknown_name(name: &str, known: &[&str]) -> Problem {
    Problem::new("P2205", format!("the host has no name `{name}`"))
        .with_help(format!("the names of the host are {}", quoted(known)))
}

pub fn no_schedule() -> Problem {
    Problem::new("P2210", "the program has no `@schedule` in its header").with_help(
        "write `@schedule 0 9 * * 1-5 Europe/Berlin` there, or start it with `prism run`",
    )
}

/// Of an artifact: a program is checked before.
pub fn no_such_schedule(mistake: &Mistake) -> Problem {
    Problem::new("P0605", mistake.what.to_string()).with_help("build the program again")
}

pub fn no_span(option: &str, found: &str) -> Problem {
    Problem::new("P2211", format!("`{option} {found}` is no span of time"))
        .with_help("write a number with `d`, `h`, `m` or `s`, such as 30d")
}

pub fn no_place(found: &str) -> Problem {
    Problem::new("P2212", format!("`--to {found}` is no place for large values"))
        .with_help("write `s3://BUCKET/PREFIX`, or `beside` for the store's own place")
}

pub fn no_head(found: &str) -> Problem {
    Problem::new("P2206", format!("`--head {found}` is no hash"))
        .with_help("give the 64 digits that `prism audit verify` printed after `head`")
}

pub fn head_is_gone(run: &str) -> Problem {
    let message = format!("the record of run {run} no longer contains the expected head");
    Problem::new("P2005", message).with_help(
        "entries were cut off or written anew since that head was noted; restore the store from \
         a backup",
    )
}

pub fn no_tests(filter: Option<&str>) -> Problem {
    match filter {
        Some(part) => Problem::new("P2207", format!("no test has a name that contains `{part}`"))
            .with_help("without --filter every test runs"),
        None => Problem::new("P2207", "there are no tests")
            .with_help("write `test \"what holds\" { expect(1 + 1).toEqual(2) }` in a program"),
    }
}

/// The code of an effect that a test leaves to the host.
pub const UNHANDLED: &str = "P2208";

pub fn unhandled(effect: &str) -> String {
    format!("the test asks for `{effect}`, and no handler answers")
}

/// Help for [`UNHANDLED`], which arrives as the failure of a program.
pub fn unhandled_help(effect: &str) -> String {
    let argument = match effect {
        "llm" | "stream_llm" => "prompt",
        "agent.call" | "agent.once" | "human.approve" | "human.ask" => "request",
        "state.get" => "key",
        "state.set" => "key, value",
        "random" | "time.now" => "",
        _ => "x",
    };
    format!("put the call into `handle {{ … }} with {{ {effect}({argument}) => resume(answer) }}`")
}

/// The code of a program that used up its fuel.
pub const NO_FUEL: &str = "P1101";

/// Help for [`NO_FUEL`] of a verb that has a limit of its own.
pub fn more_fuel(what: &str, verb: &str) -> String {
    format!(
        "look for a loop or a call that never ends; `prism {verb} --fuel N` lets {what} take more \
         steps"
    )
}

/// An effect that the prompt does not serve.
pub fn not_at_the_prompt(effect: &str) -> String {
    format!("at the prompt nobody answers `{effect}`: handle it, or use `prism run`")
}

pub fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new("P2209", format!("`{}` cannot be written: {error}", shown(path)))
        .with_help("check that the folder exists, and that you may write there")
}

/// Inputs that no machine takes: the engine has a code for that.
pub fn no_machine(error: &prism_vm::LoadError) -> Problem {
    Problem::new("P2016", error.to_string())
}

/// What a place that no test came to is.
pub fn never_reached(what: What) -> &'static str {
    match what {
        What::Function => "this function is never called",
        What::Then => "this condition never holds",
        What::Else => "this condition always holds",
        What::Arm => "this arm is never taken",
        What::Turn => "this loop never turns",
        What::Catch => "nothing is ever caught here",
        What::High => "the band `high` is never taken",
        What::Medium => "the band `medium` is never taken",
        What::Low => "the band `low` is never taken",
    }
}

/// The codes and the advice are those of the bytecode; only the path is ours.
pub fn not_decoded(path: &Path, error: &DecodeError) -> Problem {
    Problem::new(error.code(), format!("`{}` cannot be loaded: {error}", shown(path)))
        .with_help(error.help())
}

pub fn not_verified(path: &Path, error: &VerifyError) -> Problem {
    Problem::new(error.code(), format!("`{}` may not run: {error}", shown(path)))
        .with_help("build the program again")
}

/// `1 recorded answer`, `2 recorded answers`
pub fn recorded_answers(n: usize) -> String {
    format!("{n} recorded answer{}", if n == 1 { "" } else { "s" })
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
