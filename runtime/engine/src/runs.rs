//! Runs in a store, for those who only ask.

use std::collections::HashMap;
use std::sync::Arc;

use prism_journal::{Entry, Kind, Message, RunId, RunRecord, Status, Store};
use prism_vm::Answer;

use crate::past::Past;
use crate::people::open_questions;
use crate::record::{PARKED, payload};
use crate::result::{self, RunResult};
use crate::schedule::Planned;
use crate::{Error, cancel};

/// The run of that name, or whose name starts so and no other's does.
///
/// Errors: `P2008`.
pub fn find_run(store: &dyn Store, name: &str) -> Result<RunId, Error> {
    let unknown = || Error::UnknownRun { name: name.to_owned() };
    if let Ok(run) = name.parse::<RunId>() {
        return store.run(run)?.map(|record| record.run).ok_or_else(unknown);
    }
    let prefix = if name.starts_with("r_") { name.to_owned() } else { format!("r_{name}") };
    let mut runs: Vec<RunId> = store.runs()?.into_iter().map(|record| record.run).collect();
    runs.retain(|run| run.to_string().starts_with(&prefix));
    match runs.as_slice() {
        [] => Err(unknown()),
        [run] => Ok(*run),
        _ => Err(Error::AmbiguousRun { name: name.to_owned(), runs }),
    }
}

/// All runs, oldest first. One that is on its way in no process counts as interrupted; a schedule
/// waits for its times in none.
pub fn runs(store: &dyn Store) -> Result<Vec<RunRecord>, Error> {
    let mut runs = store.runs()?;
    runs.iter_mut().try_for_each(|record| look_for_owner(store, record))?;
    Ok(runs)
}

/// The same of one run.
///
/// Errors: `P2008`.
pub fn record(store: &dyn Store, run: RunId) -> Result<RunRecord, Error> {
    let record = store.run(run)?;
    let mut record = record.ok_or_else(|| Error::UnknownRun { name: run.to_string() })?;
    look_for_owner(store, &mut record)?;
    Ok(record)
}

fn look_for_owner(store: &dyn Store, record: &mut RunRecord) -> Result<(), Error> {
    if record.status == Status::Running
        && !store.is_claimed(record.run)?
        && Planned::read(store, record.run)?.is_none()
    {
        record.status = Status::Interrupted;
    }
    Ok(())
}

/// A run that was put down until something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parked {
    /// When it goes on by itself, in microseconds since 1970.
    pub due: Option<i64>,
}

/// Which of these runs need nothing now: they were put down, and nobody has said anything to them
/// since. In the order of the runs.
pub fn parked(store: &dyn Store, runs: &[RunId]) -> Result<Vec<Option<Parked>>, Error> {
    // Messages first: one that comes meanwhile is one that comes later.
    let mut news: HashMap<RunId, Vec<Message>> = HashMap::new();
    for message in messages(store, runs)? {
        news.entry(message.run).or_default().push(message);
    }
    let ends = store.ends(runs)?;
    ends.iter().map(|last| parked_by(store, last, news.get(&last.run))).collect()
}

/// Up to so many runs, the messages of each are asked for; of more, those of all runs.
const FEW: usize = 100;

/// The messages of these runs, and maybe of others.
pub(crate) fn messages(store: &dyn Store, runs: &[RunId]) -> Result<Vec<Message>, Error> {
    if runs.len() > FEW {
        return Ok(store.messages(None, 0)?);
    }
    let mut messages = Vec::new();
    for run in runs {
        messages.extend(store.messages(Some(*run), 0)?);
    }
    Ok(messages)
}

fn parked_by(
    store: &dyn Store,
    last: &Entry,
    news: Option<&Vec<Message>>,
) -> Result<Option<Parked>, Error> {
    if last.kind != Kind::Event {
        return Ok(None);
    }
    let payload = payload(store, last)?;
    if payload["type"] != PARKED {
        return Ok(None);
    }
    if let Some(messages) = news {
        let open = open_questions(store, last.run)?;
        let is_news = |message: &Message| {
            &*message.key == cancel::KEY || open.iter().any(|open| open.id == message.key)
        };
        if messages.iter().any(is_news) {
            return Ok(None);
        }
    }
    Ok(Some(Parked { due: payload["data"]["due"].as_i64() }))
}

/// The result of a run that has ended; `None` while it can go on.
pub fn outcome(store: &dyn Store, run: RunId) -> Result<Option<RunResult>, Error> {
    let record = store.run(run)?.ok_or_else(|| Error::UnknownRun { name: run.to_string() })?;
    let entries = store.read(run, record.last_seq)?;
    match entries.last() {
        Some(last) => result::from_entry(last, payload(store, last)?),
        None => Ok(None),
    }
}

/// What a run was answered: effect ids and answers, in the order in which the machine got them.
pub fn answers(store: &dyn Store, run: RunId) -> Result<Vec<(Arc<str>, Answer)>, Error> {
    let mut past = Past::from_entries(store, &store.read(run, 0)?)?;
    let next = || past.next_outcome().map(|outcome| (outcome.effect_id, outcome.answer));
    Ok(std::iter::from_fn(next).collect())
}
