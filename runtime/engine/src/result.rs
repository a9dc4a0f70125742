//! How a run ended, or where it stands.

use std::sync::Arc;

use prism_journal::{Entry, RunId, Status};
use prism_vm::{Data, Location, Trap, TrapFrame};
use serde_json::{Value, json};

use crate::people::Question;
use crate::{Error, codec};

/// What came of driving a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    pub run: RunId,
    /// `Completed`, `Failed` or `Cancelled`; `Waiting` or `Interrupted` when it can go on.
    pub status: Status,
    /// Of a completed run, without its own confidence.
    pub value: Option<Data>,
    /// `None`: the value is plain.
    pub confidence: Option<f64>,
    /// All printed lines, from the beginning.
    pub output: Vec<String>,
    /// Of a failed run.
    pub failure: Option<Failure>,
    /// Of a waiting run: what people are asked.
    pub questions: Vec<Question>,
    /// Of a waiting run: when it goes on by itself, in microseconds since 1970.
    pub due: Option<i64>,
}

/// Why a program failed: the trap, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// `P10xx` or `P11xx`, or the code of an effect's error that nobody caught.
    pub code: String,
    pub message: String,
    pub at: Option<Location>,
    /// Active functions, innermost first.
    pub frames: Vec<TrapFrame>,
    /// What was thrown.
    pub data: Data,
}

impl RunResult {
    pub(crate) fn new(run: RunId, status: Status, output: Vec<String>) -> RunResult {
        let (value, confidence, failure) = (None, None, None);
        let (questions, due) = (Vec::new(), None);
        RunResult { run, status, value, confidence, output, failure, questions, due }
    }

    /// Of a run that was left while its machine computed: what it printed is not known here.
    pub fn left(run: RunId) -> RunResult {
        RunResult::new(run, Status::Interrupted, Vec::new())
    }

    pub(crate) fn completed(run: RunId, value: Data, output: Vec<String>) -> RunResult {
        let confidence = value.confidence();
        RunResult {
            value: Some(value.into_plain()),
            confidence,
            ..RunResult::new(run, Status::Completed, output)
        }
    }

    pub(crate) fn failed(run: RunId, failure: Failure, output: Vec<String>) -> RunResult {
        RunResult { failure: Some(failure), ..RunResult::new(run, Status::Failed, output) }
    }
}

impl Failure {
    pub(crate) fn from_trap(trap: Trap) -> Failure {
        let Trap { code, message, at, frames, data } = trap;
        Failure { code: code.to_owned(), message, at, frames, data }
    }

    pub(crate) fn to_json(&self) -> Value {
        let frame = |frame: &TrapFrame| json!({ "function": &*frame.function, "at": frame.at.as_ref().map(location_json) });
        json!({
            "code": self.code,
            "message": self.message,
            "at": self.at.as_ref().map(location_json),
            "frames": self.frames.iter().map(frame).collect::<Vec<Value>>(),
            "data": codec::to_json(&self.data),
        })
    }

    fn from_json(failure: &mut Value) -> Option<Failure> {
        let frames = failure["frames"].as_array()?;
        let frame = |frame: &Value| -> Option<TrapFrame> {
            let at = location(&frame["at"]);
            Some(TrapFrame { function: frame["function"].as_str()?.into(), at })
        };
        Some(Failure {
            code: failure["code"].as_str()?.to_owned(),
            message: failure["message"].as_str()?.to_owned(),
            at: location(&failure["at"]),
            frames: frames.iter().map(frame).collect::<Option<_>>()?,
            data: codec::from_json(failure["data"].take()).ok()?,
        })
    }
}

fn location_json(at: &Location) -> Value {
    json!([&*at.file, at.start, at.end, at.line, at.column])
}

fn location(at: &Value) -> Option<Location> {
    let number = |place: usize| u32::try_from(at[place].as_u64()?).ok();
    let file: Arc<str> = at[0].as_str()?.into();
    let (start, end, line, column) = (number(1)?, number(2)?, number(3)?, number(4)?);
    Some(Location { file, start, end, line, column })
}

/// The result in a run's last entry; `None` when that entry ends no run.
pub(crate) fn from_entry(entry: &Entry, mut payload: Value) -> Result<Option<RunResult>, Error> {
    let run = entry.run;
    let unreadable = Error::Unreadable { run, seq: entry.seq };
    let output = |payload: &Value| -> Vec<String> {
        let lines = payload["output"].as_array().map(Vec::as_slice).unwrap_or_default();
        lines.iter().filter_map(|line| line.as_str().map(str::to_owned)).collect()
    };
    let Some(status) = entry.kind.end() else { return Ok(None) };
    Ok(Some(match status {
        Status::Completed => {
            let value = codec::from_json(payload["value"].take()).map_err(|_| unreadable)?;
            RunResult::completed(run, value, output(&payload))
        }
        Status::Failed => {
            let failure = Failure::from_json(&mut payload["failure"]).ok_or(unreadable)?;
            RunResult::failed(run, failure, output(&payload))
        }
        Status::Cancelled | Status::Running | Status::Waiting | Status::Interrupted => {
            RunResult::new(run, status, output(&payload))
        }
    }))
}
