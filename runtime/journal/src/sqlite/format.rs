//! The formats of the file, and the ways between them.
//!
//! | format | has |
//! |---|---|
//! | 1 | entries, blobs, runs, state, messages |
//! | 2 | `uses`: which run uses which blob; large blobs as files |
//! | 3 | `place`: where the large blobs are, unless they are files beside the store |
//! | 4 | `checkpoints`: where runs stand |
//!
//! A way is one transaction, so the file has one format or the other.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::fault::At;
use super::place;
use crate::values::{Folder, Values};
use crate::{Digest, Error};

/// The format that this Prism writes; `user_version` of the file.
pub(super) const FORMAT: i64 = 4;
/// The oldest format that this Prism can make of a file, and a file of.
const OLDEST: i64 = 1;

const TO_2: &str = "
    CREATE TABLE blobs_2 (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB) STRICT;
    INSERT INTO blobs_2 SELECT id, hash, bytes FROM blobs;
    DROP TABLE blobs;
    ALTER TABLE blobs_2 RENAME TO blobs;
    CREATE TABLE uses (run BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (run, hash))
        STRICT, WITHOUT ROWID;
    INSERT OR IGNORE INTO uses SELECT run, blob FROM entries WHERE blob IS NOT NULL;
    INSERT OR IGNORE INTO uses SELECT run, unhex(artifact) FROM (
        SELECT entries.run AS run,
            json_extract(CAST(coalesce(entries.payload, blobs.bytes) AS TEXT), '$.artifact.hash')
                AS artifact
        FROM entries LEFT JOIN blobs ON blobs.hash = entries.blob
        WHERE entries.kind = 1 AND json_valid(CAST(coalesce(entries.payload, blobs.bytes) AS TEXT))
    ) WHERE artifact IS NOT NULL;
";

/// A row for each run that has one.
pub(super) const CHECKPOINTS: &str = "
    CREATE TABLE checkpoints (
        run BLOB PRIMARY KEY, seq INTEGER NOT NULL, prev BLOB NOT NULL, bytes BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

const TO_3: &str = "CREATE TABLE place (address TEXT NOT NULL) STRICT;";

const BACK_TO_2: &str = "DROP TABLE place;";

const BACK_TO_3: &str = "DROP TABLE checkpoints;";

const TO_1: &str = "
    DROP TABLE uses;
    CREATE TABLE blobs_1 (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL)
        STRICT;
    INSERT INTO blobs_1 SELECT id, hash, bytes FROM blobs;
    DROP TABLE blobs;
    ALTER TABLE blobs_1 RENAME TO blobs;
";

/// Brings a file from one format to another, step by step; gives the format that it had.
///
/// Errors: `P2021` for a format that this Prism does not know.
pub(super) fn migrate(connection: &mut Connection, path: &Path, to: i64) -> Result<i64, Error> {
    let at = At(path);
    if !(OLDEST..=FORMAT).contains(&to) {
        let (oldest, newest) = (OLDEST, FORMAT);
        return Err(Error::NoFormat { path: path.to_path_buf(), wanted: to, oldest, newest });
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| at.fault(&error))?;
    let from = version(&transaction, at)?;
    let folder = Folder::beside(path);
    let mut format = from;
    while format != to {
        match (format, to > format) {
            (1, true) => transaction.execute_batch(TO_2).map_err(|error| at.fault(&error))?,
            (2, true) => transaction.execute_batch(TO_3).map_err(|error| at.fault(&error))?,
            (3, true) => {
                transaction.execute_batch(CHECKPOINTS).map_err(|error| at.fault(&error))?;
            }
            (4, false) => {
                transaction.execute_batch(BACK_TO_3).map_err(|error| at.fault(&error))?;
            }
            (3, false) => {
                if let Some(address) = place::address(&transaction, at)? {
                    return Err(place::elsewhere(path, &address));
                }
                transaction.execute_batch(BACK_TO_2).map_err(|error| at.fault(&error))?;
            }
            (2, false) => {
                take_in(&transaction, at, &folder)?;
                transaction.execute_batch(TO_1).map_err(|error| at.fault(&error))?;
            }
            _ => return Err(Error::NotAStore { path: path.to_path_buf() }),
        }
        format += if to > format { 1 } else { -1 };
    }
    transaction
        .pragma_update(None, "user_version", to)
        .and_then(|()| transaction.commit())
        .map_err(|error| at.fault(&error))?;
    if to < 2 {
        folder.remove_all()?;
    }
    Ok(from)
}

pub(super) fn version(connection: &Connection, at: At<'_>) -> Result<i64, Error> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| at.fault(&error))
}

/// Files become rows.
fn take_in(transaction: &Transaction<'_>, at: At<'_>, folder: &Folder) -> Result<(), Error> {
    let next = "SELECT id, hash FROM blobs WHERE bytes IS NULL LIMIT 1";
    let found = || {
        transaction.query_row(next, [], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional()
    };
    while let Some((id, hash)) = found().map_err(|error| at.fault(&error))? {
        let hash = Digest::from_bytes(hash);
        let bytes = folder
            .get(hash)?
            .filter(|bytes| Digest::of(bytes) == hash)
            .ok_or(Error::Blob { hash })?;
        transaction
            .execute("UPDATE blobs SET bytes = ?2 WHERE id = ?1", params![id, bytes])
            .map_err(|error| at.fault(&error))?;
    }
    Ok(())
}
