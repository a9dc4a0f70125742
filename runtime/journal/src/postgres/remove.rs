//! Removing runs, with what only they had.

use postgres::{Client, Error as PgError, Transaction};

use crate::{Removed, RunId};

/// Who removes blobs takes turns with those who add some: a blob that is being used again must not
/// go. Any number that others do not use.
const TURN: i64 = 0x5052_534e;

/// Nobody removes blobs until the transaction ends.
pub(super) fn keep_out(transaction: &mut Transaction<'_>) -> Result<(), PgError> {
    transaction.execute("SELECT pg_advisory_xact_lock_shared($1)", &[&TURN]).map(|_| ())
}

/// Nobody adds blobs, and nobody else removes some, until the transaction ends.
pub(super) fn keep_others_out(transaction: &mut Transaction<'_>) -> Result<(), PgError> {
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&TURN]).map(|_| ())
}

/// Removes those of the runs that have ended and that nobody has a lease of.
pub(super) fn remove(client: &mut Client, runs: &[RunId]) -> Result<Removed, PgError> {
    let mut transaction = client.transaction()?;
    keep_others_out(&mut transaction)?;
    let wanted: Vec<&[u8]> = runs.iter().map(|run| &run.bytes()[..]).collect();
    let sql = "DELETE FROM prism_runs WHERE run = ANY($1) AND status >= 4 AND NOT EXISTS (
            SELECT FROM prism_leases AS held WHERE held.run = prism_runs.run AND until > now())
        RETURNING run";
    let gone = transaction.query(sql, &[&wanted])?;
    let gone: Vec<Vec<u8>> = gone.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    for table in ["prism_entries", "prism_messages", "prism_uses", "prism_checkpoints"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE run = ANY($1)"), &[&gone])?;
    }
    let scopes: Vec<Vec<u8>> =
        gone.iter().map(|run| super::rows::run_of(run).to_string().into_bytes()).collect();
    transaction.execute("DELETE FROM prism_state WHERE scope = ANY($1)", &[&scopes])?;
    let sql = "DELETE FROM prism_blobs WHERE NOT EXISTS (
        SELECT FROM prism_uses WHERE prism_uses.hash = prism_blobs.hash)";
    let blobs = transaction.execute(sql, &[])?;
    transaction.commit()?;
    Ok(Removed { runs: gone.len() as u64, blobs })
}
