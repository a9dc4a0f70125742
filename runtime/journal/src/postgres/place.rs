//! Where the large values are: rows, or a place elsewhere.

use std::collections::HashSet;
use std::sync::Arc;

use postgres::{Client, Error as PgError, Transaction};

use super::link::{Fault, Target};
use super::rows::digest;
use super::{remove, schema};
use crate::values::{LARGE, Reach, Values};
use crate::{Digest, Error};

/// The address that a store has written down; `None`: large values are rows as others are.
pub(super) fn address(transaction: &mut Transaction<'_>) -> Result<Option<String>, PgError> {
    let row = transaction.query_opt("SELECT address FROM prism_place", &[])?;
    row.map(|row| row.try_get(0)).transpose()
}

/// The same, of a store whose tables are there.
pub(super) fn address_of(target: &Target) -> Result<Option<String>, Error> {
    let mut client = target.connect()?;
    let found = client.transaction().and_then(|mut transaction| address(&mut transaction));
    found.map_err(|error| target.fault(&error))
}

pub(super) fn open(target: &Target, reach: Reach<'_>) -> Result<Option<Arc<dyn Values>>, Error> {
    address_of(target)?.map(|address| reach(&address)).transpose()
}

/// Moves the values of a store in which nobody drives a run. The address changes when all of them
/// are at the new place; they leave the old one after that.
pub(super) fn change(target: &Target, to: Option<&str>, reach: Reach<'_>) -> Result<u64, Error> {
    let (n_values, old) = schema::alone(target, |transaction, found| {
        schema::bring_up(transaction, found)?;
        remove::keep_others_out(transaction)?;
        let from = address(transaction)?;
        if from.as_deref() == to {
            return Ok((0, None));
        }
        let (old, new) = (from.as_deref().map(reach).transpose()?, to.map(reach).transpose()?);
        // Nothing is written down of a place that cannot be used.
        new.as_deref().map_or(Ok(()), |new| new.sweep(&mut |_| true))?;
        let n_values = move_all(transaction, old.as_deref(), new.as_deref())?;
        transaction.execute("DELETE FROM prism_place", &[])?;
        if let Some(address) = to {
            transaction.execute("INSERT INTO prism_place VALUES ($1)", &[&address])?;
        }
        Ok((n_values, old))
    })?;
    if let Some(old) = old {
        old.sweep(&mut |_| false)?;
    }
    Ok(n_values)
}

/// One after the other: all of them need not fit into memory.
fn move_all(
    transaction: &mut Transaction<'_>,
    old: Option<&dyn Values>,
    new: Option<&dyn Values>,
) -> Result<u64, Fault> {
    let large = "SELECT hash FROM prism_blobs WHERE bytes IS NULL OR length(bytes) >= $1";
    let rows = transaction.query(large, &[&(LARGE as i32)])?;
    for row in &rows {
        let name: Vec<u8> = row.try_get(0)?;
        let Some(hash) = digest(Some(&name)) else { continue };
        let stored = transaction
            .query_one("SELECT bytes FROM prism_blobs WHERE hash = $1", &[&name])?
            .try_get::<_, Option<Vec<u8>>>(0)?;
        let bytes = match (stored, old) {
            (None, Some(old)) => old.get(hash)?,
            (stored, _) => stored,
        };
        let bytes = bytes.filter(|bytes| Digest::of(bytes) == hash);
        let bytes = bytes.ok_or(Error::Blob { hash })?;
        let row = match new {
            Some(new) => {
                new.put(hash, &bytes)?;
                None
            }
            None => Some(bytes),
        };
        let sql = "UPDATE prism_blobs SET bytes = $2 WHERE hash = $1";
        transaction.execute(sql, &[&name, &row])?;
    }
    Ok(rows.len() as u64)
}

/// Removes values without rows. Nobody adds one meanwhile, which may take longer than a transaction
/// of the writer may stand still.
pub(super) fn sweep(target: &Target, values: &dyn Values) -> Result<(), Error> {
    let mut client = target.connect()?;
    sweep_with(&mut client, values).map_err(|fault| fault.of(target))
}

fn sweep_with(client: &mut Client, values: &dyn Values) -> Result<(), Fault> {
    let mut transaction = client.transaction()?;
    remove::keep_others_out(&mut transaction)?;
    let rows = transaction.query("SELECT hash FROM prism_blobs WHERE bytes IS NULL", &[])?;
    let mut known = HashSet::with_capacity(rows.len());
    for row in &rows {
        known.extend(digest(Some(&row.try_get::<_, Vec<u8>>(0)?)));
    }
    Ok(values.sweep(&mut |hash| known.contains(&hash))?)
}
