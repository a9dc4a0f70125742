//! The journal: what a run did, in order, on disk before anybody relies on it.
//!
//! In: [`Entry`]s of runs, in [`Batch`]es. Out: the same entries, checked, and the list of runs.
//! True in between: an entry that was acknowledged is never lost; each entry carries the hash of
//! the one before it, so a change shows; one process at a time may append to a run ([`Claim`]).
//! This crate stores bytes: what a payload means is the engine's business.

mod id;

mod entry;

mod log;

mod run;

mod store;

mod bell;

mod values;

mod memory;

mod sqlite;

#[cfg(feature = "postgres")]
mod postgres;

mod error;

pub use bell::Bell;
pub use entry::{Digest, Entry, INLINE_LIMIT, Kind, NotADigest, Payload, Reference};
pub use error::Error;
pub use id::{NotARunId, RunId};
pub use log::{Draft, Log};
pub use memory::Memory;
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
pub use run::{RunRecord, Status};
pub use sqlite::Sqlite;
pub use store::{
    Ack, Batch, Checkpoint, Claim, Message, NextCheckpoint, Recovered, Removed, StateKey,
    StateWrite, Store,
};
pub use values::{Reach, Values};
