//! Runs in a store, for those who only ask.

use std::sync::Arc;

use prism_journal::{RunId, RunRecord, Status, Store};
use prism_vm::Answer;

use crate::Error;
use crate::past::Past;
use crate::record::payload;
use crate::result::{self, RunResult};

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

/// All runs, oldest first. One that is on its way in no process counts as interrupted.
pub fn runs(store: &dyn Store) -> Result<Vec<RunRecord>, Error> {
    let mut runs = store.runs()?;
    for record in &mut runs {
        if record.status == Status::Running && !store.is_claimed(record.run)? {
            record.status = Status::Interrupted;
        }
    }
    Ok(runs)
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
