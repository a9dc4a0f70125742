//! The end of one run's journal: makes the next entries and ties them to the last.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Batch, Digest, Entry, INLINE_LIMIT, Kind, Payload, Reference, RunId};

/// An entry before it has a place.
#[derive(Clone, Debug)]
pub struct Draft {
    pub kind: Kind,
    /// Empty when the entry speaks of the run.
    pub effect_id: Arc<str>,
    pub name: Arc<str>,
    /// `Digest::ZERO` when there is no request.
    pub request: Digest,
    pub payload: Vec<u8>,
    /// When it happened, in microseconds since 1970; `None`: now, when it gets its place.
    pub time: Option<i64>,
}

impl Draft {
    /// A draft that speaks of the run, not of an effect.
    pub fn of_run(kind: Kind, payload: Vec<u8>) -> Draft {
        let none: Arc<str> = Arc::from("");
        let (effect_id, name) = (none.clone(), none);
        Draft { kind, effect_id, name, request: Digest::ZERO, payload, time: None }
    }
}

/// Where the next entry of a run goes. Held by the one process that has the run's claim.
#[derive(Clone, Debug)]
pub struct Log {
    run: RunId,
    next_seq: u64,
    prev: Digest,
}

impl Log {
    /// The log of a run without entries.
    pub fn new(run: RunId) -> Log {
        Log { run, next_seq: 0, prev: Digest::ZERO }
    }

    /// The log that continues after `last`.
    pub fn after(last: &Entry) -> Log {
        Log { run: last.run, next_seq: last.seq + 1, prev: last.hash }
    }

    pub fn run(&self) -> RunId {
        self.run
    }

    /// The sequence number that the next entry gets.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The hash of the run's last entry.
    pub fn prev(&self) -> Digest {
        self.prev
    }

    /// Gives drafts their places, and their times unless they have some. Long payloads become blobs of the same batch.
    pub fn batch(&mut self, drafts: Vec<Draft>) -> Batch {
        let time = now_micros();
        let mut batch = Batch { entries: Vec::with_capacity(drafts.len()), ..Batch::default() };
        let mut room = Vec::new();
        for draft in drafts {
            let payload = inline_or_blob(draft.payload, &mut batch.blobs);
            let mut entry = Entry {
                run: self.run,
                seq: self.next_seq,
                time: draft.time.unwrap_or(time),
                kind: draft.kind,
                effect_id: draft.effect_id,
                name: draft.name,
                request: draft.request,
                payload,
                prev: self.prev,
                hash: Digest::ZERO,
            };
            entry.hash = entry.expected_hash(&mut room);
            self.next_seq += 1;
            self.prev = entry.hash;
            batch.entries.push(entry);
        }
        batch
    }
}

fn inline_or_blob(bytes: Vec<u8>, blobs: &mut Vec<(Reference, Arc<[u8]>)>) -> Payload {
    let bytes: Arc<[u8]> = bytes.into();
    if bytes.len() <= INLINE_LIMIT {
        return Payload::Inline(bytes);
    }
    let reference = Reference::to(&bytes);
    blobs.push((reference, bytes));
    Payload::Blob(reference)
}

pub(crate) fn now_micros() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}
