//! What a run and its agents wrote, line by line.
//!
//! The journal has the program's lines whenever the run stands still, what an agent writes to its
//! standard error as it comes, and all printed lines in a run's last entry.

use std::sync::Arc;

use prism_agents::json;
use prism_journal::{Entry, Kind, RunId, Store};
use serde_json::{Value, json};

use crate::event::iso_time;
use crate::record::{PRINTED, STDERR, payload};
use crate::tail::Tail;
use crate::{Error, codec};

/// The lines of one run, read from a store, as far as they are there.
pub struct Logs<'a> {
    tail: Tail<'a>,
    n_printed: u64,
    n_lines: u64,
    is_over: bool,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub run: RunId,
    /// From 1, without gaps.
    pub number: u64,
    /// The entry that has it.
    pub seq: u64,
    /// When that entry was made, in microseconds since 1970.
    pub time: i64,
    pub from: Source,
    pub text: String,
}

/// Who wrote a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The program printed it.
    Output,
    /// The program passed it to `log`, with data.
    Log { data: Value },
    /// An agent wrote it to its standard error.
    Agent { name: Arc<str>, effect_id: Arc<str> },
}

impl<'a> Logs<'a> {
    /// Errors: `P2008`.
    pub fn of(store: &'a dyn Store, run: RunId) -> Result<Logs<'a>, Error> {
        Ok(Logs { tail: Tail::of(store, run)?, n_printed: 0, n_lines: 0, is_over: false })
    }

    /// The lines since the last call. Cheap when nothing happened.
    pub fn read(&mut self) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        for entry in self.tail.read()? {
            if entry.kind == Kind::Event {
                self.told(&entry, payload(self.tail.store, &entry)?, &mut lines);
            } else if entry.kind.end().is_some() {
                self.is_over = true;
                let payload = payload(self.tail.store, &entry)?;
                self.printed(&entry, 0, &payload["output"], &mut lines);
            }
        }
        for line in &mut lines {
            self.n_lines += 1;
            line.number = self.n_lines;
        }
        Ok(lines)
    }

    /// Whether the run has ended, and its last lines have been read.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    fn told(&mut self, entry: &Entry, payload: Value, lines: &mut Vec<Line>) {
        let data = &payload["data"];
        match payload["type"].as_str() {
            Some(PRINTED) => {
                let from = data["from"].as_u64().unwrap_or_default();
                self.printed(entry, from, &data["lines"], lines);
            }
            Some(STDERR) => {
                let name: Arc<str> = data["agent"].as_str().unwrap_or_default().into();
                let effect_id = entry.effect_id.clone();
                let from = Source::Agent { name, effect_id };
                lines.extend(texts(&data["lines"]).map(|text| line(entry, from.clone(), text)));
            }
            Some("log") => {
                let shown = |recorded: &Value| {
                    let data = codec::from_json(recorded.clone()).unwrap_or_default();
                    json::to_value(&data).unwrap_or_default()
                };
                let text = match shown(&data["message"]) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                lines.push(line(entry, Source::Log { data: shown(&data["data"]) }, &text));
            }
            Some(_) | None => {}
        }
    }

    /// Printed lines, of which those before the first new one are known.
    fn printed(&mut self, entry: &Entry, from: u64, printed: &Value, lines: &mut Vec<Line>) {
        for (place, text) in (from..).zip(texts(printed)) {
            if place >= self.n_printed {
                lines.push(line(entry, Source::Output, text));
                self.n_printed = place + 1;
            }
        }
    }
}

/// The lines that a run has printed, as far as its journal has them.
pub(crate) fn printed(store: &dyn Store, run: RunId) -> Result<Vec<String>, Error> {
    let lines = Logs::of(store, run)?.read()?.into_iter();
    Ok(lines.filter(|line| line.from == Source::Output).map(|line| line.text).collect())
}

/// A line that has no number yet.
fn line(entry: &Entry, from: Source, text: &str) -> Line {
    Line {
        run: entry.run,
        number: 0,
        seq: entry.seq,
        time: entry.time,
        from,
        text: text.to_owned(),
    }
}

fn texts(lines: &Value) -> impl Iterator<Item = &str> {
    lines.as_array().into_iter().flatten().filter_map(Value::as_str)
}

impl Line {
    /// `{"run","number","seq","time","from","line"}`, with `data` of a `log`, and with `agent` and
    /// `effectId` of an agent's line.
    pub fn to_json(&self) -> Value {
        let mut object = json!({
            "run": self.run.to_string(),
            "number": self.number,
            "seq": self.seq,
            "time": iso_time(self.time),
            "line": self.text,
        });
        match &self.from {
            Source::Output => object["from"] = "output".into(),
            Source::Log { data } => {
                object["from"] = "log".into();
                object["data"] = data.clone();
            }
            Source::Agent { name, effect_id } => {
                object["from"] = "agent".into();
                object["agent"] = (**name).into();
                object["effectId"] = (**effect_id).into();
            }
        }
        object
    }
}
