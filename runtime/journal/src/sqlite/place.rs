//! Where the large values are.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::fault::At;
use super::format::{self, FORMAT};
use super::remove::large;
use crate::values::{Folder, Reach, Values};
use crate::{Digest, Error};

pub(super) fn elsewhere(path: &Path, address: &str) -> Error {
    Error::Elsewhere { path: path.to_path_buf(), address: address.to_owned() }
}

/// The address that a store has written down; `None`: the folder beside it.
pub(super) fn address(connection: &Connection, at: At<'_>) -> Result<Option<String>, Error> {
    connection
        .query_row("SELECT address FROM place", [], |row| row.get(0))
        .optional()
        .map_err(|error| at.fault(&error))
}

pub(super) fn open(
    connection: &Connection,
    at: At<'_>,
    reach: Reach<'_>,
) -> Result<Arc<dyn Values>, Error> {
    reached(at.0, address(connection, at)?.as_deref(), reach)
}

fn reached(path: &Path, address: Option<&str>, reach: Reach<'_>) -> Result<Arc<dyn Values>, Error> {
    address.map_or_else(|| Ok(Arc::new(Folder::beside(path)) as Arc<dyn Values>), reach)
}

/// Moves the values of a store that nobody else has open. The address changes when all of them
/// are at the new place; they leave the old one after that.
pub(super) fn change(
    connection: &mut Connection,
    path: &Path,
    to: Option<&str>,
    reach: Reach<'_>,
) -> Result<u64, Error> {
    let at = At(path);
    format::migrate(connection, path, FORMAT)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| at.fault(&error))?;
    let from = address(&transaction, at)?;
    let known = large(&transaction).map_err(|error| at.fault(&error))?;
    if from.as_deref() == to {
        return Ok(0);
    }
    let (old, new) = (reached(path, from.as_deref(), reach)?, reached(path, to, reach)?);
    // Nothing is written down of a place that cannot be used, though there is nothing to move yet.
    new.sweep(&mut |_| true)?;
    for hash in &known {
        let bytes = old.get(*hash)?.filter(|bytes| Digest::of(bytes) == *hash);
        new.put(*hash, &bytes.ok_or(Error::Blob { hash: *hash })?)?;
    }
    transaction
        .execute("DELETE FROM place", [])
        .and_then(|_| match to {
            Some(address) => transaction.execute("INSERT INTO place VALUES (?1)", [address]),
            None => Ok(0),
        })
        .and_then(|_| transaction.commit())
        .map_err(|error| at.fault(&error))?;
    old.sweep(&mut |_| false)?;
    Ok(known.len() as u64)
}
