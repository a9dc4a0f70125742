//! Cancelling a run from outside: at once when nobody drives it, else by its driver.

use std::sync::mpsc;

use prism_journal::{Error as StoreError, Kind, Log, Message, RunId, Store};
use serde_json::json;

use crate::record::run_draft;
use crate::{Error, codec, logs, take_up};

/// The key of the message that asks for it; no effect id is like it.
pub(crate) const KEY: &str = "cancel";

/// What became of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The run has ended.
    Now,
    /// The process that drives the run will end it.
    Asked,
}

/// Ends a run. What its agents do is stopped by the process that drives them.
///
/// Errors: `P2008` unknown, `P2013` ended.
pub fn cancel(store: &dyn Store, run: RunId, reason: &str) -> Result<Cancelled, Error> {
    let claim = match store.claim(run) {
        Ok(claim) => claim,
        Err(StoreError::Claimed { .. }) => {
            store.post(run, KEY, json!({ "reason": reason }).to_string().as_bytes())?;
            return Ok(Cancelled::Asked);
        }
        Err(error) => return Err(error.into()),
    };
    let record = store.run(run)?.ok_or_else(|| Error::UnknownRun { name: run.to_string() })?;
    let last = store.read(run, record.last_seq)?;
    let last = last.last().ok_or_else(|| Error::UnknownRun { name: run.to_string() })?;
    take_up::expect_unfinished(last)?;
    let output = logs::printed(store, run)?;
    let ended = run_draft(Kind::RunCancelled, &json!({ "reason": reason, "output": output }));
    let batch = Log::after(last).batch(vec![ended]);
    let (ack, fate) = mpsc::sync_channel(1);
    // The receiver is below and waits.
    store.append(&claim, batch, Box::new(move |outcome| drop(ack.send(outcome))));
    fate.recv().expect("a store tells the fate of every batch")?;
    Ok(Cancelled::Now)
}

/// Why, as the message says.
pub(crate) fn reason(message: &Message) -> String {
    let body = codec::parse(&message.body).unwrap_or_default();
    body["reason"].as_str().unwrap_or_default().to_owned()
}
