//! Audit: whether a run's record is whole, and the record itself for others to read.

use prism_journal::{Digest, Entry, Payload, RunId, Store};
use serde_json::{Value, json};

use crate::event::iso_time;
use crate::record::payload;
use crate::{Error, start};

/// A record in which nothing was changed, is missing, or changed places.
#[derive(Clone, Debug, PartialEq)]
pub struct Audited {
    pub run: RunId,
    pub n_entries: u64,
    /// Stored values that entries refer to, each of them read and compared with its name.
    pub n_blobs: u64,
    /// The hash of the last entry. Kept elsewhere, it shows later that nothing was cut off.
    pub head: Digest,
    /// Whether `head` is what the caller expected, or follows it.
    pub has_expected: bool,
}

/// Checks every entry and every stored value of a run. With a head from an earlier audit, says
/// whether the record still contains it.
///
/// Errors: `P2005` names the first entry that is wrong, `P2006` a stored value.
pub fn audit(store: &dyn Store, run: RunId, expected: Option<Digest>) -> Result<Audited, Error> {
    let entries = store.read(run, 0)?;
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Err(Error::UnknownRun { name: run.to_string() });
    };
    let mut n_blobs = 0;
    for entry in &entries {
        if let Payload::Blob(reference) = &entry.payload {
            store.blob(*reference)?;
            n_blobs += 1;
        }
    }
    store.blob(start::from_entry(store, first)?.artifact)?;
    Ok(Audited {
        run,
        n_entries: entries.len() as u64,
        n_blobs: n_blobs + 1,
        head: last.hash,
        has_expected: expected
            .is_none_or(|expected| entries.iter().any(|entry| entry.hash == expected)),
    })
}

/// The entries of a run, one JSON object each, payloads included.
pub fn export(store: &dyn Store, run: RunId) -> Result<Vec<Value>, Error> {
    let entries = store.read(run, 0)?;
    if entries.is_empty() {
        return Err(Error::UnknownRun { name: run.to_string() });
    }
    entries.iter().map(|entry| exported(store, entry)).collect()
}

fn exported(store: &dyn Store, entry: &Entry) -> Result<Value, Error> {
    let mut object = json!({
        "run": entry.run.to_string(),
        "seq": entry.seq,
        "time": iso_time(entry.time),
        "micros": entry.time,
        "kind": entry.kind.name(),
        "effectId": &*entry.effect_id,
        "name": &*entry.name,
        "request": entry.request.to_string(),
        "payload": payload(store, entry)?,
        "prev": entry.prev.to_string(),
        "hash": entry.hash.to_string(),
    });
    if let Payload::Blob(reference) = &entry.payload {
        object["blob"] = json!({ "hash": reference.hash.to_string(), "len": reference.len });
    }
    Ok(object)
}
