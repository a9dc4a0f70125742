//! What came of a run, for people, for tools, and as an exit status.

use std::path::Path;
use std::sync::Arc;

use prism_agents::json;
use prism_diagnostics::Code;
use prism_engine::{Failure, RunResult};
use prism_journal::Status;
use prism_span::LineIndex;
use prism_vm::{Data, Location};
use serde_json::{Value, json};

use crate::problem::{Excerpt, Problem};

pub const COMPLETED: u8 = 0;
/// Rejected or failed.
pub const FAILED: u8 = 1;
pub const USAGE: u8 = 2;
/// The run waits for a person.
pub const WAITING: u8 = 3;
pub const INTERRUPTED: u8 = 130;

/// The exit status that a run ends with.
pub fn exit_status(status: Status) -> u8 {
    match status {
        Status::Completed => COMPLETED,
        Status::Failed | Status::Cancelled | Status::Running => FAILED,
        Status::Waiting => WAITING,
        Status::Interrupted => INTERRUPTED,
    }
}

/// The object of `--json`: `run status value confidence output`, and `error` for a run that
/// failed or `questions` for one that waits.
/// `folder`: where the program's own paths begin.
pub fn object(result: &RunResult, folder: &Path) -> Value {
    let mut object = json!({
        "run": result.run.to_string(),
        "status": result.status.name(),
        "value": result.value.as_ref().map(value),
        "confidence": result.confidence,
        "output": result.output,
    });
    if let Some(failure) = &result.failure {
        object["error"] = failure_json(failure, folder);
    }
    if !result.questions.is_empty() {
        object["questions"] = result.questions.iter().map(|question| question.to_json()).collect();
    }
    object
}

/// The object of a run that never began: `rejected` when the program is at fault, else `failed`.
pub fn object_of_problems(run: Option<&str>, status: &str, problems: &[Problem]) -> Value {
    let mut object = json!({
        "run": run, "status": status, "value": null, "confidence": null, "output": [],
    });
    if let Some(first) = problems.first() {
        object["error"] = first.json();
    }
    if problems.len() > 1 {
        object["errors"] = problems.iter().map(Problem::json).collect();
    }
    object
}

/// The object of a program that the compiler refused: its first error, and all diagnostics.
pub fn object_of_rejection(rejected: &prism_driver::Rejected) -> Value {
    let diagnostics = rejected.json();
    let all = diagnostics.as_array().map(Vec::as_slice).unwrap_or_default();
    let first = all.iter().find(|one| one["severity"] == "error").or(all.first());
    let mut object = object_of_problems(None, "rejected", &[]);
    object["error"] = first.map_or(Value::Null, |first| {
        json!({
            "code": first["code"],
            "message": first["message"],
            "file": first["file"],
            "line": first["start"]["line"],
            "column": first["start"]["column"],
        })
    });
    object["diagnostics"] = diagnostics;
    object
}

/// A value as `--json` shows it.
pub fn value(data: &Data) -> Value {
    json::to_value(data).unwrap_or_else(|_| Value::from("[nested too deep to show]"))
}

fn failure_json(failure: &Failure, folder: &Path) -> Value {
    let mut object = json!({ "code": code(failure), "message": failure.message });
    if let Some(help) = help(failure) {
        object["help"] = json!([help]);
    }
    if let Some(at) = place(failure) {
        object["file"] = (*file(at, folder)).into();
        object["line"] = at.line.into();
        object["column"] = at.column.into();
    }
    object
}

/// The failure of a run with an excerpt of its source, when the source is still what it was.
/// `folder`: where the program's own paths begin.
pub fn problem(failure: &Failure, folder: &Path) -> Problem {
    let mut problem = Problem::new(code(failure), &failure.message);
    problem.help.extend(help(failure).map(str::to_owned));
    let place = place(failure);
    if let Some(excerpt) = place.and_then(|at| excerpt(at, folder)) {
        problem = problem.at(excerpt);
    }
    let shown = |at: &Location| format!("{}:{}:{}", file(at, folder), at.line, at.column);
    let located = failure.frames.iter().filter_map(|frame| Some((frame, frame.at.as_ref()?)));
    let frames: Vec<String> =
        located.map(|(frame, at)| format!("in `{}` at {}", frame.function, shown(at))).collect();
    match (&problem.place, place) {
        (None, Some(at)) if frames.len() < 2 => problem.notes.push(format!("at {}", shown(at))),
        _ if frames.len() > 1 => problem.notes = frames,
        _ => {}
    }
    problem
}

/// A problem at a place of a program, with an excerpt when the source is still what it was.
pub fn located(problem: Problem, at: Option<&Location>, folder: &Path) -> Problem {
    let Some(at) = at else { return problem };
    if let Some(excerpt) = excerpt(at, folder) {
        return problem.at(excerpt);
    }
    let mut problem = problem;
    problem.notes.push(format!("at {}:{}:{}", file(at, folder), at.line, at.column));
    problem
}

/// The file of a place as a person would write it here.
pub fn file(at: &Location, folder: &Path) -> Arc<str> {
    if at.file.starts_with('@') {
        at.file.clone()
    } else {
        prism_driver::shown(&folder.join(&*at.file))
    }
}

/// The code of an effect's error that nobody caught, or that of the machine.
fn code(failure: &Failure) -> &str {
    let thrown = failure.data.get("code").and_then(Data::as_text);
    thrown.filter(|code| Code::parse(code).is_some()).unwrap_or(&failure.code)
}

/// What an effect's error says should be done.
fn help(failure: &Failure) -> Option<&str> {
    failure.data.get("data")?.get("help").and_then(Data::as_text)
}

/// The innermost place in the program itself; a failure inside the library is its caller's.
fn place(failure: &Failure) -> Option<&Location> {
    let frames = failure.frames.iter().filter_map(|frame| frame.at.as_ref());
    let mut places = failure.at.iter().chain(frames);
    places.find(|at| !at.file.starts_with('@')).or(failure.at.as_ref())
}

/// `None` when the file is gone or has changed around the place since it was compiled.
fn excerpt(at: &Location, folder: &Path) -> Option<Excerpt> {
    let path = folder.join(&*at.file);
    let text = std::fs::read_to_string(&path).ok()?;
    let found = LineIndex::new(&text).position(at.start);
    let span = at.start as usize..at.end as usize;
    let is_same =
        (found.line, found.column) == (at.line, at.column) && text.get(span.clone()).is_some();
    is_same.then(|| Excerpt { name: prism_driver::shown(&path), text: Arc::from(text), span })
}
