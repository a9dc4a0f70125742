//! How a run begins, and how its beginning is kept.

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_journal::{Draft, Entry, Kind, Reference, RunId, Store};
use prism_schedule::Schedule;
use prism_vm::{Data, Limits};
use serde_json::{Value, json};

use crate::checkpoint::Stand;
use crate::record::{expect, payload};
use crate::{Error, codec, secrets};

/// All that a run depends on, besides the answers.
#[derive(Clone, Debug)]
pub struct Start {
    /// The program's name, for lists.
    pub name: Arc<str>,
    pub module: Arc<Verified>,
    /// The bytes that `module` was or can be decoded from; kept with the run, so that going on
    /// needs no source.
    pub artifact: Arc<[u8]>,
    /// Host names and their values. What the header declares as secret is kept nowhere.
    pub inputs: Vec<(Arc<str>, Data)>,
    pub limits: Limits,
    /// Who shares `state.get` and `state.set` with this run; `None`: nobody.
    pub scope: Option<Arc<str>>,
    /// Kept with the run and given back by [`recorded`]: where the manifest was, for instance.
    pub meta: Value,
}

/// The run that a run was forked from.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent {
    pub run: RunId,
    /// How many entries it had then.
    pub n_entries: u64,
    /// Where its recorded answers were left; `None`: where they no longer fitted.
    pub from: Option<Arc<str>>,
    /// Its first entry that the fork may still take; `None`: there is none.
    pub rest: Option<u64>,
}

/// What the journal knows of a run's beginning.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub name: Arc<str>,
    pub artifact: Reference,
    pub inputs: Vec<(Arc<str>, Data)>,
    pub limits: Limits,
    pub scope: Option<Arc<str>>,
    pub meta: Value,
    pub parent: Option<Parent>,
    /// When it starts runs of its program; `None`: it is one itself.
    pub schedule: Option<Schedule>,
}

/// How a run began.
pub fn recorded(store: &dyn Store, run: RunId) -> Result<Recorded, Error> {
    let first = store.first(run)?.ok_or_else(|| Error::UnknownRun { name: run.to_string() })?;
    from_entry(store, &first)
}

/// The same for who goes on with the run: as its checkpoint says, where it has one.
pub fn begun(store: &dyn Store, run: RunId) -> Result<Recorded, Error> {
    let checkpoint = store.checkpoint(run)?;
    match checkpoint.and_then(|checkpoint| Stand::of(run, &checkpoint)) {
        Some(stand) => from_entry(store, &stand.first),
        None => recorded(store, run),
    }
}

/// The first entry of a run; its artifact goes into the same batch.
pub(crate) fn draft(start: &Start, artifact: Reference, parent: Option<&Parent>) -> Draft {
    let mut payload = beginning(start, artifact);
    if let Some(parent) = parent {
        payload["parent"] = json!({
            "run": parent.run.to_string(),
            "entries": parent.n_entries,
            "from": parent.from.as_deref(),
            "rest": parent.rest,
        });
    }
    run_started(start, &payload)
}

/// The first entry of a schedule.
pub(crate) fn scheduled_draft(start: &Start, artifact: Reference, schedule: &Schedule) -> Draft {
    let mut payload = beginning(start, artifact);
    payload["schedule"] = schedule.to_json();
    run_started(start, &payload)
}

fn run_started(start: &Start, payload: &Value) -> Draft {
    let bytes = payload.to_string().into_bytes();
    Draft { name: start.name.clone(), ..Draft::of_run(Kind::RunStarted, bytes) }
}

fn beginning(start: &Start, artifact: Reference) -> Value {
    let kept = secrets::hidden(&start.module, &start.inputs);
    let limits = start.limits;
    json!({
        "artifact": { "hash": artifact.hash.to_string(), "len": artifact.len },
        "inputs": codec::Fields(&kept),
        "limits": {
            "fuel": limits.fuel,
            "memory": limits.memory,
            "depth": limits.depth,
            "requests": limits.requests,
        },
        "scope": start.scope.as_deref(),
        "meta": start.meta,
        "process": std::process::id(),
    })
}

pub(crate) fn from_entry(store: &dyn Store, entry: &Entry) -> Result<Recorded, Error> {
    if entry.kind != Kind::RunStarted {
        return expect(None, entry);
    }
    let mut payload = payload(store, entry)?;
    let inputs = match payload["inputs"].take() {
        Value::Object(fields) => expect(codec::fields_from_json(fields).ok(), entry)?,
        _ => return expect(None, entry),
    };
    Ok(Recorded {
        name: entry.name.clone(),
        artifact: expect(reference(&payload["artifact"]), entry)?,
        inputs,
        limits: expect(limits(&payload["limits"]), entry)?,
        scope: payload["scope"].as_str().map(Arc::from),
        meta: payload["meta"].take(),
        parent: parent(&payload["parent"]),
        schedule: match payload.get("schedule") {
            Some(schedule) => Some(expect(prism_schedule::read(schedule).ok(), entry)?),
            None => None,
        },
    })
}

fn parent(parent: &Value) -> Option<Parent> {
    Some(Parent {
        run: parent["run"].as_str()?.parse().ok()?,
        n_entries: parent["entries"].as_u64()?,
        from: parent["from"].as_str().map(Arc::from),
        // Older records do not say it.
        rest: match parent.get("rest") {
            Some(rest) => rest.as_u64(),
            None => Some(0),
        },
    })
}

fn reference(artifact: &Value) -> Option<Reference> {
    Some(Reference {
        hash: artifact["hash"].as_str()?.parse().ok()?,
        len: artifact["len"].as_u64()?,
    })
}

fn limits(limits: &Value) -> Option<Limits> {
    Some(Limits {
        fuel: limits["fuel"].as_u64()?,
        memory: usize::try_from(limits["memory"].as_u64()?).ok()?,
        depth: u32::try_from(limits["depth"].as_u64()?).ok()?,
        requests: limits["requests"].as_u64()?,
    })
}
