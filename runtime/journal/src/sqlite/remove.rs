//! Removing runs, with what only they had.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::fault::At;
use super::index::Index;
use crate::{Digest, Error, Removed, RunId, Values};

/// Removes those of the runs that have ended; nobody has their claims meanwhile.
pub(super) fn remove(
    connection: &mut Connection,
    path: &Path,
    index: &mut Index,
    values: &dyn Values,
    runs: &[RunId],
) -> Result<Removed, Error> {
    let at = At(path);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| at.fault(&error))?;
    // Row numbers are never used twice: the table knows how far they went.
    index.flush(&transaction, at)?;
    let mut removed = Removed::default();
    let mut gone = Vec::new();
    for run in runs {
        let Some(tail) = index.tail(&transaction, at, *run)? else { continue };
        if tail.record.status.is_final() {
            let last_row = tail.last_row;
            remove_run(&transaction, *run, last_row).map_err(|error| at.fault(&error))?;
            gone.push(*run);
        }
    }
    removed.runs = gone.len() as u64;
    removed.blobs = remove_unused(&transaction).map_err(|error| at.fault(&error))?;
    transaction.commit().map_err(|error| at.fault(&error))?;
    index.forget_ended();
    index.forget(&gone);
    sweep(connection, at, values)?;
    Ok(removed)
}

/// Removes values without rows. Nobody adds one while the transaction is open.
fn sweep(connection: &mut Connection, at: At<'_>, values: &dyn Values) -> Result<(), Error> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| at.fault(&error))?;
    let known = large(&transaction).map_err(|error| at.fault(&error))?;
    values.sweep(&mut |hash| known.contains(&hash))
}

fn remove_run(connection: &Connection, run: RunId, last_row: i64) -> rusqlite::Result<()> {
    let mut row = last_row;
    let mut find = connection.prepare_cached("SELECT back FROM entries WHERE row = ?1")?;
    let mut delete =
        connection.prepare_cached("DELETE FROM entries WHERE row = ?1 AND run = ?2")?;
    while row > 0 {
        let back: Option<i64> = find.query_row([row], |found| found.get(0)).optional()?;
        delete.execute((row, run.bytes()))?;
        row = back.unwrap_or_default();
    }
    for sql in [
        "DELETE FROM runs WHERE run = ?1",
        "DELETE FROM messages WHERE run = ?1",
        "DELETE FROM uses WHERE run = ?1",
        "DELETE FROM checkpoints WHERE run = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([run.bytes()])?;
    }
    connection
        .prepare_cached("DELETE FROM state WHERE scope = ?1")?
        .execute([run.to_string()])
        .map(|_| ())
}

/// Removes values that no run uses; gives how many.
fn remove_unused(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "DELETE FROM blobs WHERE hash NOT IN (SELECT hash FROM uses)";
    connection.execute(sql, []).map(|n_rows| n_rows as u64)
}

/// The values that are kept outside.
pub(super) fn large(connection: &Connection) -> rusqlite::Result<HashSet<Digest>> {
    let mut query = connection.prepare("SELECT hash FROM blobs WHERE bytes IS NULL")?;
    query.query_map([], |row| row.get(0).map(Digest::from_bytes))?.collect()
}
