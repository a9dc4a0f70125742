//! From entries to events.
//!
//! [`Fold`] is the one place where events are made; the live watcher and every reader of the
//! store push the same entries through it and get the same numbers.

use std::collections::HashSet;
use std::num::NonZeroU64;
use std::sync::Arc;

use prism_agents::json;
use prism_journal::{Entry, Kind, RunId, Store};
use prism_vm::{Answer, Data};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::{Value, json};

use crate::checkpoint::{Counted, Stand};
use crate::event::{Event, EventKind, iso_time};
use crate::people::decision_from_json;
use crate::record::{self, ESCALATED, answer_from_json};
use crate::standing::Standing;
use crate::tail::Tail;
use crate::{Error, codec, effects, error, schedule};

/// A reader that finds more new events than this was too slow, and is told so.
const LAG: usize = 1_000;

/// The events of one run, read from a store, as far as they have happened.
///
/// A reader costs the run nothing: it reads what is durable, at its own pace. One that stood still
/// is told how far it is behind, and then gets everything that it missed.
pub struct Events<'a> {
    tail: Tail<'a>,
    /// The first event that the reader wants.
    from: u64,
    fold: Fold,
    /// How many events lie between two snapshots; `None`: the reader wants none.
    every: Option<NonZeroU64>,
    /// The first event that the reader does not want; `None`: he wants all.
    end: Option<u64>,
    standing: Standing,
    is_over: bool,
}

/// What a reader of events gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Event(Event),
    /// The sum of the events up to its number. It has no number of its own.
    Snapshot(Standing),
    /// The reader has had the events up to `seq`, and `behind` more follow at once.
    Lagged {
        run: RunId,
        seq: u64,
        behind: usize,
        time: i64,
    },
    /// The reader has had as many as he wants, up to `seq`, and there are more.
    More {
        run: RunId,
        seq: u64,
        time: i64,
    },
}

impl Told {
    /// `{"executionId","seq","type","data","timestamp"}`
    pub fn to_json(&self) -> Value {
        match self {
            Told::Event(event) => event.to_json(),
            Told::Snapshot(standing) => standing.to_json(),
            Told::Lagged { run, seq, behind, time } => json!({
                "executionId": run.to_string(),
                "seq": seq,
                "type": "lagged",
                "data": { "behind": behind },
                "timestamp": iso_time(*time),
            }),
            Told::More { run, seq, time } => json!({
                "executionId": run.to_string(),
                "seq": seq,
                "type": "more",
                "data": { "next": seq + 1 },
                "timestamp": iso_time(*time),
            }),
        }
    }
}

impl<'a> Events<'a> {
    /// Reads events from number `from` on; 1 is the first, and 0 means it too.
    pub fn of(store: &'a dyn Store, run: RunId, from: u64) -> Result<Events<'a>, Error> {
        let (tail, standing, from) = (Tail::of(store, run)?, Standing::of(run), from.max(1));
        let fold = Fold::default();
        Ok(Events { tail, from, fold, every: None, end: None, standing, is_over: false })
    }

    /// With a snapshot of what came before the first event that the reader wants, and then one
    /// after each event whose number `every` divides.
    pub fn with_snapshots(self, every: NonZeroU64) -> Events<'a> {
        Events { every: Some(every), ..self }
    }

    /// At most so many events.
    pub fn with_limit(self, limit: NonZeroU64) -> Events<'a> {
        Events { end: Some(self.from.saturating_add(limit.get())), ..self }
    }

    /// What happened since the last call. Cheap when nothing did: made to be called every few
    /// milliseconds.
    pub fn read(&mut self) -> Result<Vec<Told>, Error> {
        let is_first = !self.tail.has_begun();
        if is_first {
            self.pass_over()?;
        }
        let mut events = Vec::new();
        for entry in self.tail.read()? {
            self.fold.push(self.tail.store, &entry, |_| true, &mut events)?;
            if self.end.is_some_and(|end| self.fold.n_events >= end) {
                break;
            }
        }
        self.is_over |= events.iter().any(|event| event.kind.is_last());
        let mut told = Vec::with_capacity(events.len());
        if !is_first && events.len() > LAG {
            let Standing { run, seq, time, .. } = self.standing;
            told.push(Told::Lagged { run, seq, behind: events.len(), time });
        }
        for event in events {
            if self.end.is_some_and(|end| event.seq >= end) {
                let Standing { run, seq, time, .. } = self.standing;
                told.push(Told::More { run, seq, time });
                self.is_over = true;
                break;
            }
            self.tell(event, &mut told);
        }
        self.is_over |= self.end.is_some_and(|end| self.standing.seq + 1 >= end);
        Ok(told)
    }

    /// Begins where the run's checkpoint counted its events, if the reader wants none before that:
    /// what is older in the journal need not be read. A snapshot is a sum of all events.
    fn pass_over(&mut self) -> Result<(), Error> {
        if self.every.is_some() {
            return Ok(());
        }
        let Tail { store, run, .. } = self.tail;
        let Some(checkpoint) = store.checkpoint(run)? else { return Ok(()) };
        let Some(stand) = Stand::of(run, &checkpoint) else { return Ok(()) };
        let Some(counted) = stand.counted.filter(|counted| counted.n_events < self.from) else {
            return Ok(());
        };
        if self.tail.begin(stand.seq, stand.prev)? {
            self.fold = Fold::after(&stand.first, counted);
        }
        Ok(())
    }

    fn tell(&mut self, event: Event, told: &mut Vec<Told>) {
        let seq = event.seq;
        self.standing.add(&event);
        if seq >= self.from {
            told.push(Told::Event(event));
        }
        let Some(every) = self.every else { return };
        if seq + 1 == self.from || (seq >= self.from && seq % every == 0) {
            told.push(Told::Snapshot(self.standing.clone()));
        }
    }

    /// Whether the reader has the last event of the run, or the last one that he wants.
    pub fn is_over(&self) -> bool {
        self.is_over
    }
}

/// What must be remembered of the entries so far.
#[derive(Default)]
pub(crate) struct Fold {
    n_events: u64,
    name: Arc<str>,
    started: i64,
    /// Agent calls whose first attempt has started in the process that drives the run.
    called: HashSet<Arc<str>>,
    total: u64,
    completed: u64,
    failed: u64,
}

impl Fold {
    /// What it has counted; of the calls, only these may be told of again.
    pub(crate) fn counted<'a>(&self, open: impl Iterator<Item = &'a Arc<str>>) -> Counted {
        let &Fold { n_events, total, completed, failed, .. } = self;
        let called = open.filter(|id| self.called.contains(&**id)).cloned().collect();
        Counted { n_events, total, completed, failed, called }
    }

    /// One that has counted so much of the run with this first entry.
    pub(crate) fn after(first: &Entry, counted: Counted) -> Fold {
        let Counted { n_events, total, completed, failed, called } = counted;
        let (name, started) = (first.name.clone(), first.time);
        let called = called.into_iter().collect();
        Fold { n_events, name, started, called, total, completed, failed }
    }

    /// Adds the events of one entry that somebody wants; the others are counted.
    pub(crate) fn push(
        &mut self,
        store: &dyn Store,
        entry: &Entry,
        wants: impl Fn(EventKind) -> bool,
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        let mut source = Source { store, entry, payload: None };
        for kind in self.kinds(&mut source)?.into_iter().flatten() {
            self.n_events += 1;
            if wants(kind) {
                let data = self.data(kind, entry, source.payload()?);
                let (run, time) = (entry.run, entry.time);
                events.push(Event { run, seq: self.n_events, time, kind, data });
            }
        }
        Ok(())
    }

    /// The kinds of the events of an entry, which are counted.
    fn kinds(&mut self, source: &mut Source<'_>) -> Result<Kinds, Error> {
        let entry = source.entry;
        let kind = match entry.kind {
            Kind::RunStarted => {
                self.name = entry.name.clone();
                self.started = entry.time;
                EventKind::Started
            }
            // The first attempt starts the call; later ones were announced by the failure before
            // them.
            Kind::AttemptStarted if self.called.insert(entry.effect_id.clone()) => {
                EventKind::AgentStarted
            }
            Kind::AttemptFailed if !source.payload()?["retry_in_ms"].is_null() => {
                EventKind::AgentRetrying
            }
            Kind::Answer if matches!(&*entry.name, "agent.call" | "agent.once") => {
                return self.answered(source);
            }
            Kind::AttemptStarted | Kind::AttemptFailed | Kind::Answer | Kind::Timer => {
                return Ok(Kinds::default());
            }
            Kind::Waiting => EventKind::Waiting,
            Kind::Decision => EventKind::Decided,
            Kind::Event => return Ok([self.told(source.payload()?), None, None]),
            Kind::RunResumed => {
                // Calls without an answer start again, and say so again.
                self.called.clear();
                EventKind::Resumed
            }
            Kind::RunInterrupted => EventKind::Interrupted,
            Kind::RunCompleted => EventKind::Completed,
            Kind::RunFailed => EventKind::Failed,
            Kind::RunCancelled => EventKind::Cancelled,
        };
        Ok([Some(kind), None, None])
    }

    fn answered(&mut self, source: &mut Source<'_>) -> Result<Kinds, Error> {
        let (kind, count) = match source.came()? {
            Some(Came::Value) => (EventKind::AgentCompleted, &mut self.completed),
            // An outcome that nobody knows is no success.
            Some(Came::Unknown | Came::Error) => (EventKind::AgentFailed, &mut self.failed),
            None => return Ok(Kinds::default()),
        };
        *count += 1;
        let is_last = self.completed + self.failed >= self.total;
        let last = is_last.then_some(EventKind::AgentsCompleted);
        Ok([Some(kind), Some(EventKind::Progress), last])
    }

    /// What the engine and the program tell by the name of an event.
    fn told(&mut self, payload: &Value) -> Option<EventKind> {
        match payload["type"].as_str()? {
            "agents_selected" => {
                self.total += payload["data"]["count"].as_u64().unwrap_or_default();
                Some(EventKind::AgentsSelected)
            }
            "agent_message" => Some(EventKind::AgentMessage),
            "agent_cancelled" => {
                self.total = self.total.saturating_sub(1);
                Some(EventKind::AgentCancelled)
            }
            "published" => Some(EventKind::Published),
            "checkpoint" => Some(EventKind::Checkpoint),
            "log" => Some(EventKind::Log),
            schedule::TICKED => Some(EventKind::Ticked),
            ESCALATED => Some(EventKind::Escalated),
            _ => None,
        }
    }

    /// What an event says, whose entry has been counted.
    fn data(&self, kind: EventKind, entry: &Entry, payload: &Value) -> Value {
        let data = &payload["data"];
        match kind {
            EventKind::Started => {
                let mut started = json!({ "patternName": &*self.name });
                if let Some(parent) = payload.get("parent") {
                    started["parent"] = parent["run"].clone();
                }
                started
            }
            EventKind::AgentsSelected => json!({ "count": data["count"] }),
            EventKind::AgentStarted => {
                let mut started = about(entry, &payload["agent"]);
                started["task"] = readable(&payload["args"][0]["task"]);
                started["attempt"] = payload["number"].clone();
                started
            }
            EventKind::AgentRetrying => {
                let mut retrying = about(entry, &payload["agent"]);
                retrying["attempt"] = payload["number"].clone();
                retrying["error"] = payload["message"].clone();
                retrying["retryInMs"] = payload["retry_in_ms"].clone();
                retrying
            }
            EventKind::AgentMessage => {
                let mut message = about(entry, &data["agent"]);
                message["message"] = readable(&data["message"]);
                message
            }
            EventKind::AgentCompleted | EventKind::AgentFailed => answer(entry, payload),
            EventKind::AgentCancelled => about(entry, &data["agent"]),
            EventKind::Progress | EventKind::AgentsCompleted => json!({
                "total": self.total, "completed": self.completed, "failed": self.failed,
            }),
            EventKind::Waiting => waiting(entry, payload),
            EventKind::Escalated => json!({ "question": &*entry.effect_id, "to": data["to"] }),
            EventKind::Decided => decided(entry, payload),
            EventKind::Published => {
                json!({ "topic": data["topic"], "data": readable(&data["data"]) })
            }
            EventKind::Checkpoint => json!({ "label": readable(&data["label"]) }),
            EventKind::Log => {
                json!({ "message": readable(&data["message"]), "data": readable(&data["data"]) })
            }
            EventKind::Ticked => ticked(data.clone()),
            EventKind::Interrupted | EventKind::Resumed => json!({}),
            EventKind::Completed => self.completed(entry, payload),
            EventKind::Failed => json!({
                "patternName": &*self.name,
                "code": payload["failure"]["code"],
                "error": payload["failure"]["message"],
                "durationMs": self.duration_ms(entry),
            }),
            EventKind::Cancelled => {
                json!({ "patternName": &*self.name, "reason": payload["reason"] })
            }
        }
    }

    fn completed(&self, entry: &Entry, payload: &Value) -> Value {
        let value = codec::from_json(payload["value"].clone()).unwrap_or_default();
        json!({
            "patternName": &*self.name,
            "confidence": value.confidence(),
            "value": shown(value.plain()),
            "durationMs": self.duration_ms(entry),
            "agentCount": self.total,
        })
    }

    fn duration_ms(&self, entry: &Entry) -> i64 {
        (entry.time - self.started) / 1000
    }
}

/// The events of one entry are three at most.
type Kinds = [Option<EventKind>; 3];

/// What came of a call, as far as events count it.
enum Came {
    Value,
    Error,
    Unknown,
}

/// An entry whose payload is read when somebody asks for it.
struct Source<'a> {
    store: &'a dyn Store,
    entry: &'a Entry,
    payload: Option<Value>,
}

impl Source<'_> {
    fn payload(&mut self) -> Result<&Value, Error> {
        let payload = match self.payload.take() {
            Some(payload) => payload,
            None => record::payload(self.store, self.entry)?,
        };
        Ok(self.payload.insert(payload))
    }

    /// What the answer of an agent is; `None` when the payload is none.
    fn came(&mut self) -> Result<Option<Came>, Error> {
        let entry = self.entry;
        if &*entry.name == "agent.once" {
            let answer = answer_from_json(self.payload()?.clone());
            return Ok(answer.map(|answer| match answer {
                Answer::Value(outcome) if effects::is_unknown(entry, &outcome) => Came::Unknown,
                Answer::Value(_) => Came::Value,
                Answer::Error(_) => Came::Error,
            }));
        }
        let outline: Outline = record::read_payload(self.store, entry)?;
        Ok(match outline {
            Outline { has_value: true, .. } => Some(Came::Value),
            Outline { has_error: true, .. } => Some(Came::Error),
            Outline { .. } => None,
        })
    }
}

/// Which fields the payload of an answer has: nothing is made of what is in them.
#[derive(Deserialize)]
struct Outline {
    #[serde(default, rename = "value", deserialize_with = "is_there")]
    has_value: bool,
    #[serde(default, rename = "error", deserialize_with = "is_there")]
    has_error: bool,
}

fn is_there<'a, D: Deserializer<'a>>(field: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(field).map(|IgnoredAny| true)
}

/// What is told of the answer of an agent.
fn answer(entry: &Entry, payload: &Value) -> Value {
    let mut data = about(entry, &payload["agent"]);
    match answer_from_json(payload.clone()) {
        Some(Answer::Value(outcome)) if effects::is_unknown(entry, &outcome) => {
            data["code"] = error::UNKNOWN.into();
            data["error"] = outcome.get("reason").and_then(Data::as_text).into();
        }
        Some(Answer::Value(value)) => {
            data["confidence"] = effects::given(entry, &value).confidence().into();
        }
        Some(Answer::Error(error)) => {
            data["code"] = (*error.code).into();
            data["error"] = (*error.message).into();
        }
        None => {}
    }
    data
}

/// Times as everybody reads them.
fn ticked(mut data: Value) -> Value {
    for list in ["started", "passed"] {
        for one in data[list].as_array_mut().into_iter().flatten() {
            for key in ["time", "after"] {
                if let Some(time) = one.get(key).and_then(Value::as_i64) {
                    one[key] = iso_time(time).into();
                }
            }
        }
    }
    data
}

fn about(entry: &Entry, agent: &Value) -> Value {
    json!({ "agentId": agent, "agentName": agent, "effectId": &*entry.effect_id })
}

fn waiting(entry: &Entry, payload: &Value) -> Value {
    json!({
        "question": &*entry.effect_id,
        "reason": payload["reason"],
        "proposal": readable(&payload["proposal"]),
        "choices": readable(&payload["choices"]),
        "to": payload["steps"][0]["to"],
        "deadline": payload["deadline"].as_i64().map(iso_time),
    })
}

fn decided(entry: &Entry, payload: &Value) -> Value {
    let decision = decision_from_json(payload.clone());
    let choice = decision.as_ref().and_then(|decision| decision.choice.as_ref()).map(shown);
    json!({
        "question": &*entry.effect_id,
        "approved": decision.as_ref().map(|decision| decision.approved),
        "choice": choice,
        "reason": decision.as_ref().map(|decision| &decision.reason),
        "by": decision.as_ref().map(|decision| &decision.by),
    })
}

/// The journal's form of a value as everybody else writes it.
fn readable(recorded: &Value) -> Value {
    codec::from_json(recorded.clone()).map_or(Value::Null, |data| shown(&data))
}

fn shown(data: &Data) -> Value {
    json::to_value(data).unwrap_or_else(|_| Value::from("[nested too deep to show]"))
}
