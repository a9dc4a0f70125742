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
use serde_json::{Value, json};

use crate::checkpoint::{Counted, Stand};
use crate::event::{Event, EventKind, iso_time};
use crate::people::decision_from_json;
use crate::record::{ESCALATED, answer_from_json, payload};
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
            self.fold.push(self.tail.store, &entry, &mut events)?;
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

    /// Adds the events of one entry.
    pub(crate) fn push(
        &mut self,
        store: &dyn Store,
        entry: &Entry,
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        let payload = payload(store, entry)?;
        for (kind, data) in self.events(entry, payload) {
            self.n_events += 1;
            let (run, time) = (entry.run, entry.time);
            events.push(Event { run, seq: self.n_events, time, kind, data });
        }
        Ok(())
    }

    fn events(&mut self, entry: &Entry, payload: Value) -> Vec<(EventKind, Value)> {
        match entry.kind {
            Kind::RunStarted => {
                self.name = entry.name.clone();
                self.started = entry.time;
                let mut data = json!({ "patternName": &*self.name });
                if let Some(parent) = payload.get("parent") {
                    data["parent"] = parent["run"].clone();
                }
                vec![(EventKind::Started, data)]
            }
            Kind::AttemptStarted => self.attempt_started(entry, &payload),
            Kind::AttemptFailed => self.attempt_failed(entry, &payload),
            Kind::Answer if matches!(&*entry.name, "agent.call" | "agent.once") => {
                self.agent_answer(entry, payload)
            }
            Kind::Answer | Kind::Timer => Vec::new(),
            Kind::Waiting => vec![(EventKind::Waiting, waiting(entry, payload))],
            Kind::Decision => vec![(EventKind::Decided, decided(entry, payload))],
            Kind::Event => self.told(entry, payload),
            Kind::RunResumed => {
                // Calls without an answer start again, and say so again.
                self.called.clear();
                vec![(EventKind::Resumed, json!({}))]
            }
            Kind::RunInterrupted => vec![(EventKind::Interrupted, json!({}))],
            Kind::RunCompleted => vec![(EventKind::Completed, self.completed(entry, payload))],
            Kind::RunFailed => vec![(EventKind::Failed, self.failed(entry, &payload))],
            Kind::RunCancelled => {
                let data = json!({ "patternName": &*self.name, "reason": payload["reason"] });
                vec![(EventKind::Cancelled, data)]
            }
        }
    }

    /// The first attempt starts the call; later ones were announced by the failure before them.
    fn attempt_started(&mut self, entry: &Entry, payload: &Value) -> Vec<(EventKind, Value)> {
        if !self.called.insert(entry.effect_id.clone()) {
            return Vec::new();
        }
        let mut data = about(entry, &payload["agent"]);
        data["task"] = readable(payload["args"][0]["task"].clone());
        data["attempt"] = payload["number"].clone();
        vec![(EventKind::AgentStarted, data)]
    }

    fn attempt_failed(&mut self, entry: &Entry, payload: &Value) -> Vec<(EventKind, Value)> {
        if payload["retry_in_ms"].is_null() {
            return Vec::new();
        }
        let mut data = about(entry, &payload["agent"]);
        data["attempt"] = payload["number"].clone();
        data["error"] = payload["message"].clone();
        data["retryInMs"] = payload["retry_in_ms"].clone();
        vec![(EventKind::AgentRetrying, data)]
    }

    fn agent_answer(&mut self, entry: &Entry, payload: Value) -> Vec<(EventKind, Value)> {
        let mut data = about(entry, &payload["agent"]);
        let answer = answer_from_json(payload);
        let kind = match answer {
            // An outcome that nobody knows is no success.
            Some(Answer::Value(outcome)) if effects::is_unknown(entry, &outcome) => {
                self.failed += 1;
                data["code"] = error::UNKNOWN.into();
                data["error"] = outcome.get("reason").and_then(Data::as_text).into();
                EventKind::AgentFailed
            }
            Some(Answer::Value(value)) => {
                self.completed += 1;
                data["confidence"] = effects::given(entry, &value).confidence().into();
                EventKind::AgentCompleted
            }
            Some(Answer::Error(error)) => {
                self.failed += 1;
                data["code"] = (*error.code).into();
                data["error"] = (*error.message).into();
                EventKind::AgentFailed
            }
            None => return Vec::new(),
        };
        let mut events = vec![(kind, data), (EventKind::Progress, self.totals())];
        if self.completed + self.failed >= self.total {
            events.push((EventKind::AgentsCompleted, self.totals()));
        }
        events
    }

    /// What the engine and the program tell by the name of an event.
    fn told(&mut self, entry: &Entry, mut payload: Value) -> Vec<(EventKind, Value)> {
        let data = payload["data"].take();
        match payload["type"].as_str() {
            Some("agents_selected") => {
                self.total += data["count"].as_u64().unwrap_or_default();
                vec![(EventKind::AgentsSelected, json!({ "count": data["count"] }))]
            }
            Some("agent_message") => {
                let mut about = about(entry, &data["agent"]);
                about["message"] = readable(data["message"].clone());
                vec![(EventKind::AgentMessage, about)]
            }
            Some("agent_cancelled") => {
                self.total = self.total.saturating_sub(1);
                vec![(EventKind::AgentCancelled, about(entry, &data["agent"]))]
            }
            Some("published") => {
                let (topic, data) = (data["topic"].clone(), readable(data["data"].clone()));
                vec![(EventKind::Published, json!({ "topic": topic, "data": data }))]
            }
            Some("checkpoint") => {
                vec![(EventKind::Checkpoint, json!({ "label": readable(data["label"].clone()) }))]
            }
            Some(schedule::TICKED) => vec![(EventKind::Ticked, ticked(data))],
            Some(ESCALATED) => {
                let data = json!({ "question": &*entry.effect_id, "to": data["to"] });
                vec![(EventKind::Escalated, data)]
            }
            Some("log") => {
                let (message, data) = (data["message"].clone(), data["data"].clone());
                let told = json!({ "message": readable(message), "data": readable(data) });
                vec![(EventKind::Log, told)]
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn completed(&self, entry: &Entry, mut payload: Value) -> Value {
        let value = codec::from_json(payload["value"].take()).unwrap_or_default();
        json!({
            "patternName": &*self.name,
            "confidence": value.confidence(),
            "value": shown(value.plain()),
            "durationMs": self.duration_ms(entry),
            "agentCount": self.total,
        })
    }

    fn failed(&self, entry: &Entry, payload: &Value) -> Value {
        json!({
            "patternName": &*self.name,
            "code": payload["failure"]["code"],
            "error": payload["failure"]["message"],
            "durationMs": self.duration_ms(entry),
        })
    }

    fn duration_ms(&self, entry: &Entry) -> i64 {
        (entry.time - self.started) / 1000
    }

    fn totals(&self) -> Value {
        json!({ "total": self.total, "completed": self.completed, "failed": self.failed })
    }
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

fn waiting(entry: &Entry, mut payload: Value) -> Value {
    json!({
        "question": &*entry.effect_id,
        "reason": payload["reason"],
        "proposal": readable(payload["proposal"].take()),
        "choices": readable(payload["choices"].take()),
        "to": payload["steps"][0]["to"],
        "deadline": payload["deadline"].as_i64().map(iso_time),
    })
}

fn decided(entry: &Entry, payload: Value) -> Value {
    let decision = decision_from_json(payload);
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
fn readable(recorded: Value) -> Value {
    codec::from_json(recorded).map_or(Value::Null, |data| shown(&data))
}

fn shown(data: &Data) -> Value {
    json::to_value(data).unwrap_or_else(|_| Value::from("[nested too deep to show]"))
}
