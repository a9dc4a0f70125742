//! Runs the conformance suite that lies beside the clone, through the path of `prism run --json`.
//!
//! `conformance-pending.txt` lists the cases that do not pass yet. It can only shrink: a listed
//! case that passes fails here until its line is gone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use prism_driver::Level;
use prism_tests::case::ROOT;
use prism_tests::files::{Table, below, repository};
use prism_tests::program::{self, Code, Given};
use serde_json::{Value, json};

/// Numbers may differ by this much.
const TOLERANCE: f64 = 1e-9;

fn main() {
    let arguments = Arguments::from_args();
    let suite = repository().join("../shared/conformance");
    let cases = below(&suite, &[".json"]);
    if cases.is_empty() {
        println!("the conformance suite is not beside the clone; no case was run");
    }
    let pending = pending();
    let names: BTreeSet<String> = cases.iter().map(|path| name(path)).collect();
    let mut trials: Vec<Trial> = cases
        .into_iter()
        .map(|path| {
            let name = name(&path);
            let is_pending = pending.contains(&name);
            Trial::test(name, move || judged(&path, is_pending))
        })
        .collect();
    let n_pending = pending.len();
    if !names.is_empty() {
        let unknown: Vec<String> = pending.difference(&names).cloned().collect();
        trials.push(Trial::test("pending_cases_exist", move || match unknown.as_slice() {
            [] => Ok(()),
            _ => Err(format!("no such cases: {}", unknown.join(", ")).into()),
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !names.is_empty() && arguments.filter.is_none() {
        println!("conformance: {} of {} cases pass\n", names.len() - n_pending, names.len());
    }
    conclusion.exit();
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn pending_file() -> PathBuf {
    repository().join("tests/conformance-pending.txt")
}

fn pending() -> BTreeSet<String> {
    let text = std::fs::read_to_string(pending_file()).unwrap_or_default();
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn judged(path: &Path, is_pending: bool) -> Result<(), Failed> {
    match (case(path), is_pending) {
        (Ok(()), false) | (Err(_), true) => Ok(()),
        (Err(why), false) => Err(why.into()),
        (Ok(()), true) => Err("it passes: take it off conformance-pending.txt".into()),
    }
}

fn case(path: &Path) -> Result<(), String> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let expected: Value = serde_json::from_str(&read(path)?).map_err(|error| error.to_string())?;
    let program = read(&path.with_extension("prism"))?;
    let is_error = expected.get("error").is_some();
    match run(&program, &expected) {
        Outcome::Rejected(_) if is_error => Ok(()),
        Outcome::Rejected(why) => Err(format!("rejected:\n{why}")),
        Outcome::Ended(object) if object["status"] != "completed" => match is_error {
            true => compare_output(&expected, &object),
            false => Err(format!("it failed: {object}")),
        },
        Outcome::Ended(object) if is_error => Err(format!("it should fail: {object}")),
        Outcome::Ended(object) => compare(&expected, &object),
    }
}

enum Outcome {
    /// By the compiler, in words.
    Rejected(String),
    /// With the object of `--json`.
    Ended(Value),
}

fn run(text: &str, case: &Value) -> Outcome {
    let modules = case["modules"].as_object().into_iter().flatten();
    let mut files = vec![(ROOT.to_owned(), text.to_owned())];
    files.extend(
        modules.map(|(path, text)| (path.clone(), text.as_str().unwrap_or_default().to_owned())),
    );
    let program = match program::compile(&Table::new(files), ROOT, Level::Full) {
        Ok(program) => program,
        Err(rejected) => return Outcome::Rejected(rejected.render(false)),
    };
    let globals = case["globals"].as_object().into_iter().flatten();
    let given = Given {
        inputs: globals.map(|(name, value)| (name.clone(), value.clone())).collect(),
        answers: case.get("llm").map(|reply| {
            json!({ "llm": { "value": reply["content"], "confidence": reply["confidence"] } })
        }),
        limits: Vec::new(),
    };
    match program::run(&program, &given, Code::Native) {
        Ok(ran) => Outcome::Ended(ran.object),
        Err(why) => Outcome::Rejected(why),
    }
}

fn compare(expected: &Value, object: &Value) -> Result<(), String> {
    for key in ["value", "confidence"] {
        if !is_same(&expected[key], &object[key]) {
            return Err(format!("{key}: expected {}, found {}", expected[key], object[key]));
        }
    }
    compare_output(expected, object)
}

fn compare_output(expected: &Value, object: &Value) -> Result<(), String> {
    let Some(lines) = expected.get("stdout") else { return Ok(()) };
    match is_same(lines, &object["output"]) {
        true => Ok(()),
        false => Err(format!("stdout: expected {lines}, found {}", object["output"])),
    }
}

fn is_same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(left), Value::Number(right)) => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => (left - right).abs() <= TOLERANCE,
            _ => left == right,
        },
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| is_same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|found| is_same(value, found)))
        }
        (left, right) => left == right,
    }
}
