//! The end of a run's journal, as it grows.

use prism_journal::{Digest, Entry, RunId, Store};

use crate::Error;

/// Where a reader of a run's entries is.
pub(crate) struct Tail<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) run: RunId,
    next: u64,
    /// What `Store::changes` said before the last reading.
    seen: Option<u64>,
}

impl<'a> Tail<'a> {
    /// Errors: `P2008`.
    pub(crate) fn of(store: &'a dyn Store, run: RunId) -> Result<Tail<'a>, Error> {
        if store.run(run)?.is_none() {
            return Err(Error::UnknownRun { name: run.to_string() });
        }
        Ok(Tail { store, run, next: 0, seen: None })
    }

    /// Passes over what is before an entry, if the hash before that is this one.
    pub(crate) fn begin(&mut self, seq: u64, prev: Digest) -> Result<bool, Error> {
        let follows = self.store.read(self.run, seq)?.first().is_some_and(|next| next.prev == prev);
        if follows {
            self.next = seq;
        }
        Ok(follows)
    }

    /// Whether the run has been read before.
    pub(crate) fn has_begun(&self) -> bool {
        self.seen.is_some()
    }

    /// The entries since the last call. Cheap when nobody wrote to the store.
    pub(crate) fn read(&mut self) -> Result<Vec<Entry>, Error> {
        let changes = self.store.changes()?;
        if self.seen == Some(changes) {
            return Ok(Vec::new());
        }
        let entries = self.store.read(self.run, self.next)?;
        self.next = entries.last().map_or(self.next, |last| last.seq + 1);
        self.seen = Some(changes);
        Ok(entries)
    }
}
