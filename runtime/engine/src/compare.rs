//! What is different between two runs.

use std::collections::HashMap;
use std::sync::Arc;

use prism_journal::{Digest, Entry, Kind, RunId, Store};
use serde_json::{Value, json};

use crate::Error;
use crate::past::cut;
use crate::record::payload;
use crate::start;

/// Two runs, side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub left: RunId,
    pub right: RunId,
    /// Effects that were asked for and answered in the same way.
    pub n_same: usize,
    pub differences: Vec<Difference>,
}

/// One thing that is not the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// `program`, `input NAME`, `result`, or an effect id.
    pub what: Arc<str>,
    /// `None`: it is not there.
    pub left: Option<String>,
    pub right: Option<String>,
}

/// Compares the beginnings, the effects and the ends of two runs.
pub fn compare(store: &dyn Store, left: RunId, right: RunId) -> Result<Comparison, Error> {
    let (one, other) = (Side::read(store, left)?, Side::read(store, right)?);
    let mut comparison = Comparison { left, right, n_same: 0, differences: Vec::new() };
    for what in one.facts.iter().chain(&other.facts).map(|(what, _)| what) {
        if !comparison.differences.iter().any(|difference| difference.what == *what) {
            comparison.add(what, one.fact(what), other.fact(what));
        }
    }
    for id in one.order.iter().chain(other.order.iter().filter(|id| !one.effects.contains_key(*id)))
    {
        let (left, right) = (one.effects.get(id), other.effects.get(id));
        if left == right {
            comparison.n_same += 1;
        } else {
            comparison.add(id, left.map(Effect::show), right.map(Effect::show));
        }
    }
    comparison.add("result", one.result, other.result);
    Ok(comparison)
}

impl Comparison {
    fn add(&mut self, what: &str, left: Option<String>, right: Option<String>) {
        if left != right {
            let shown = |text: Option<String>| text.map(|text| cut(&text));
            let (left, right) = (shown(left), shown(right));
            self.differences.push(Difference { what: what.into(), left, right });
        }
    }
}

/// One run, as far as it is compared.
struct Side {
    /// The program and the inputs.
    facts: Vec<(Arc<str>, String)>,
    order: Vec<Arc<str>>,
    effects: HashMap<Arc<str>, Effect>,
    result: Option<String>,
}

#[derive(PartialEq)]
struct Effect {
    name: Arc<str>,
    request: Digest,
    args: Value,
    outcome: Option<Value>,
}

impl Effect {
    fn show(&self) -> String {
        let outcome =
            self.outcome.as_ref().map_or_else(|| "no answer".to_owned(), Value::to_string);
        let args = self.args.as_array().map_or(String::new(), |args| {
            args.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
        });
        format!("{outcome} from {}({args})", self.name)
    }
}

impl Side {
    fn read(store: &dyn Store, run: RunId) -> Result<Side, Error> {
        let entries = store.read(run, 0)?;
        let first = entries.first().ok_or_else(|| Error::UnknownRun { name: run.to_string() })?;
        let recorded = start::from_entry(store, first)?;
        let mut facts = vec![(Arc::from("program"), recorded.artifact.hash.to_string())];
        facts.extend(recorded.inputs.iter().map(|(name, value)| {
            (format!("input {name}").into(), crate::codec::to_json(value).to_string())
        }));
        let mut side = Side { facts, order: Vec::new(), effects: HashMap::new(), result: None };
        for entry in &entries {
            side.add(entry, payload(store, entry)?);
        }
        Ok(side)
    }

    fn fact(&self, what: &str) -> Option<String> {
        self.facts.iter().find(|(known, _)| &**known == what).map(|(_, value)| value.clone())
    }

    fn add(&mut self, entry: &Entry, mut payload: Value) {
        match entry.kind {
            Kind::AttemptStarted | Kind::Answer | Kind::Waiting | Kind::Decision | Kind::Timer => {
                let effect = self.effects.entry(entry.effect_id.clone()).or_insert_with(|| {
                    self.order.push(entry.effect_id.clone());
                    let (name, request) = (entry.name.clone(), entry.request);
                    Effect { name, request, args: Value::Null, outcome: None }
                });
                if let Some(args) = payload.get_mut("args") {
                    effect.args = args.take();
                }
                match entry.kind {
                    Kind::Waiting => effect.args = json!([question(&mut payload)]),
                    Kind::Answer => effect.outcome = Some(answer(&mut payload)),
                    Kind::Decision => effect.outcome = Some(decision(&mut payload)),
                    _ => {}
                }
            }
            Kind::RunCompleted => self.result = Some(payload["value"].to_string()),
            Kind::RunFailed => {
                let failure = &payload["failure"];
                let text = |key: &str| failure[key].as_str().unwrap_or_default().to_owned();
                self.result = Some(format!("{}: {}", text("code"), text("message")));
            }
            Kind::RunCancelled => self.result = Some("cancelled".to_owned()),
            Kind::RunStarted
            | Kind::AttemptFailed
            | Kind::Event
            | Kind::RunResumed
            | Kind::RunInterrupted => {}
        }
    }
}

fn answer(payload: &mut Value) -> Value {
    match payload.get_mut("value") {
        Some(value) => value.take(),
        None => json!({ "error": payload["error"].take() }),
    }
}

/// What a person was asked. When it has to be decided differs from run to run.
fn question(payload: &mut Value) -> Value {
    let mut asked = json!({ "reason": payload["reason"].take() });
    for key in ["proposal", "choices"] {
        let value = payload[key].take();
        if !value.is_null() && value != json!([]) {
            asked[key] = value;
        }
    }
    asked
}

fn decision(payload: &mut Value) -> Value {
    let mut field = |key: &str| payload[key].take();
    json!({ "approved": field("approved"), "choice": field("choice"), "by": field("by") })
}
