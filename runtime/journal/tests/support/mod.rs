//! How tests write to a store.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};

use prism_journal::{Batch, Claim, Digest, Draft, Error, Kind, Log, RunId, Store};

pub fn draft(kind: Kind, effect: &str, payload: impl Into<Vec<u8>>) -> Draft {
    Draft {
        kind,
        effect_id: effect.into(),
        name: "agent.call".into(),
        request: Digest::of(effect.as_bytes()),
        payload: payload.into(),
        time: None,
    }
}

/// Queues a batch; its fate comes out of the receiver.
pub fn queue(store: &dyn Store, claim: &Claim, batch: Batch) -> Receiver<Result<(), Error>> {
    let (send, receive) = mpsc::channel();
    store.append(claim, batch, Box::new(move |outcome| drop(send.send(outcome))));
    receive
}

pub fn append(store: &dyn Store, claim: &Claim, batch: Batch) -> Result<(), Error> {
    queue(store, claim, batch).recv().unwrap()
}

/// A run with its first entry.
pub fn start(store: &dyn Store) -> (Claim, Log) {
    let run = RunId::generate();
    let claim = store.claim(run).unwrap();
    let mut log = Log::new(run);
    append(store, &claim, log.batch(vec![draft(Kind::RunStarted, "", "{}")])).unwrap();
    (claim, log)
}

/// A complete run with so many answers.
pub fn write_run(store: &dyn Store, n_answers: usize) -> RunId {
    let (claim, mut log) = start(store);
    for number in 0..n_answers {
        let effect = format!("main/step#{number}");
        append(store, &claim, log.batch(vec![draft(Kind::Answer, &effect, "answer")])).unwrap();
    }
    append(store, &claim, log.batch(vec![draft(Kind::RunCompleted, "", "done")])).unwrap();
    log.run()
}

/// The store's path, when this process is the child of a test with this mark.
pub fn as_child(mark: &str) -> Option<PathBuf> {
    let given = std::env::var("PRISM_JOURNAL_CHILD").ok()?;
    let (found, path) = given.split_once('=')?;
    (found == mark).then(|| path.into())
}
