//! What came of a run, for people, for tools, and as an exit status.

use std::sync::Arc;

use prism_agents::json;
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
pub fn object(result: &RunResult) -> Value {
    let mut object = json!({
        "run": result.run.to_string(),
        "status": result.status.name(),
        "value": result.value.as_ref().map(value),
        "confidence": result.confidence,
        "output": result.output,
    });
    if let Some(failure) = &result.failure {
        object["error"] = failure_json(failure);
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

fn value(data: &Data) -> Value {
    json::to_value(data).unwrap_or_else(|_| Value::from("[nested too deep to show]"))
}

fn failure_json(failure: &Failure) -> Value {
    let mut object = json!({ "code": failure.code, "message": failure.message });
    if let Some(at) = &failure.at {
        object["file"] = (*at.file).into();
        object["line"] = at.line.into();
        object["column"] = at.column.into();
    }
    object
}

/// The failure of a run with an excerpt of its source, when the source is still what it was.
pub fn problem(failure: &Failure) -> Problem {
    let mut problem = Problem::new(&failure.code, &failure.message);
    let mut frames = failure.frames.iter();
    if let Some(at) = &failure.at {
        match excerpt(at) {
            Some(excerpt) => problem = problem.at(excerpt),
            None => problem.notes.push(format!("at {at}")),
        }
        // The innermost function is where the excerpt is.
        frames.next();
    }
    for frame in frames {
        let at = frame.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        problem.notes.push(format!("called by `{}`{at}", frame.function));
    }
    problem
}

/// `None` when the file is gone or has changed around the place since it was compiled.
fn excerpt(at: &Location) -> Option<Excerpt> {
    let text = std::fs::read_to_string(&*at.file).ok()?;
    let found = LineIndex::new(&text).position(at.start);
    let span = at.start as usize..at.end as usize;
    let is_same =
        (found.line, found.column) == (at.line, at.column) && text.get(span.clone()).is_some();
    is_same.then(|| Excerpt { name: at.file.clone(), text: Arc::from(text), span })
}
