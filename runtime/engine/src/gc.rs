//! Removing runs that have ended and that nobody needs any more.

use prism_journal::{Removed, RunId, RunRecord, Store};

use crate::Error;

/// Runs that are removed in one transaction.
const AT_ONCE: usize = 256;

/// The runs that ended before a time, oldest first, but for the `keep` that ended last.
pub fn old_runs(store: &dyn Store, before: i64, keep: usize) -> Result<Vec<RunRecord>, Error> {
    let mut ended = store.runs()?;
    ended.retain(|record| record.status.is_final());
    ended.sort_by_key(|record| record.updated);
    ended.truncate(ended.len().saturating_sub(keep));
    ended.retain(|record| record.updated < before);
    Ok(ended)
}

/// Removes runs, with what only they had. One that somebody drives stays.
pub fn remove(store: &dyn Store, runs: &[RunId]) -> Result<Removed, Error> {
    let mut all = Removed::default();
    for some in runs.chunks(AT_ONCE) {
        let Removed { runs, blobs } = store.remove(some)?;
        all.runs += runs;
        all.blobs += blobs;
    }
    Ok(all)
}
