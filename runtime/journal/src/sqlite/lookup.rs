//! One row of a run, without following the run to it.

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::At;
use super::rows;
use crate::{Entry, Error, RunRecord};

/// So many microseconds a row may be older than one before it: processes that write to the same
/// store have their times a little before their rows.
const SLACK: i64 = 100_000;
/// Among so many rows the first one of a run is looked for.
const NEAR: i64 = 65_536;

/// The first entry of a run. Rows and their times grow together, so it is near the row that is as
/// old as the run. `None`: it is not, for instance because a clock was set back; it is then found
/// by following the run.
pub(super) fn first(
    connection: &Connection,
    at: At<'_>,
    record: &RunRecord,
    last_row: i64,
) -> Result<Option<Entry>, Error> {
    let row = || -> rusqlite::Result<Option<i64>> {
        let from = row_of(connection, record.started.saturating_sub(SLACK), last_row)?;
        let to = last_row.min(from.saturating_add(NEAR));
        connection
            .prepare_cached(
                "SELECT row FROM entries WHERE row BETWEEN ?1 AND ?2 AND run = ?3 AND seq = 0",
            )?
            .query_row(params![from, to, record.run.bytes()], |row| row.get(0))
            .optional()
    };
    match row().map_err(|error| at.fault(&error))? {
        Some(row) => rows::first(connection, at, record.run, row).map(Some),
        None => Ok(None),
    }
}

/// The first row that is not older than a time, or the last one.
fn row_of(connection: &Connection, time: i64, last_row: i64) -> rusqlite::Result<i64> {
    let mut query = connection
        .prepare_cached("SELECT row, time FROM entries WHERE row >= ?1 ORDER BY row LIMIT 1")?;
    let (mut from, mut to) = (1, last_row);
    while from < to {
        let middle = from + (to - from) / 2;
        let (row, found): (i64, i64) =
            query.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if found < time {
            from = row + 1;
        } else {
            to = middle;
        }
    }
    Ok(from)
}
