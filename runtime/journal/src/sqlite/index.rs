//! Where each run ends.
//!
//! The table `runs` knows it for all rows up to `indexed.to_row`; the map here knows it for the
//! rows after that. So opening a store reads nothing, the first question reads a few thousand
//! rows at most, and appending writes to one table only. The table is derived: `flush` brings it
//! forward now and then.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use rustc_hash::FxHashMap;

use super::fault::At;
use super::rows::Placed;
use crate::{Digest, Error, Kind, RunId, RunRecord, Status};

/// The table is brought forward after this many rows, or four per run that changed: what it lacks
/// is read by one thread when the store is opened.
const FLUSH_ROWS: i64 = 4096;
const FLUSH_ROWS_PER_RUN: i64 = 4;

/// A run and the row of its last entry.
pub(super) struct Tail {
    pub(super) record: RunRecord,
    pub(super) last_row: i64,
    /// Whether the table `runs` has not heard of it.
    is_changed: bool,
}

#[derive(Default)]
pub(super) struct Index {
    /// Rows up to this one are in the map or in the table; `None` before the first question.
    known_to: Option<i64>,
    /// What `indexed.to_row` was when it was last read.
    flushed_to: i64,
    n_changed: i64,
    tails: FxHashMap<RunId, Tail>,
    /// Whether every run that has not ended is in the map, from now on.
    has_unfinished: bool,
}

impl Index {
    /// Takes in the rows that were added since the last time, by whomever.
    pub(super) fn refresh(&mut self, connection: &Connection, at: At<'_>) -> Result<(), Error> {
        let known_to = self.start(connection, at)?;
        let mut query = connection
            .prepare_cached(
                "SELECT row, run, seq, time, kind, CASE seq WHEN 0 THEN name END, hash FROM entries
                 WHERE row > ?1 ORDER BY row",
            )
            .map_err(|error| at.fault(&error))?;
        let mut rows = query.query([known_to]).map_err(|error| at.fault(&error))?;
        while let Some(row) = rows.next().map_err(|error| at.fault(&error))? {
            let step = Step::from_row(row).map_err(|error| at.fault(&error))?;
            self.known_to = Some(step.row);
            self.add(connection, at, &step)?;
        }
        Ok(())
    }

    /// Where a run ends. Rows that `refresh` has not seen are not counted.
    pub(super) fn tail(
        &mut self,
        connection: &Connection,
        at: At<'_>,
        run: RunId,
    ) -> Result<Option<&Tail>, Error> {
        self.drop_removed(connection, run).map_err(|error| at.fault(&error))?;
        if !self.tails.contains_key(&run)
            && let Some(tail) = find(connection, run).map_err(|error| at.fault(&error))?
        {
            self.tails.insert(run, tail);
        }
        Ok(self.tails.get(&run))
    }

    /// Forgets a run that another process has removed, which it does only when it has ended.
    fn drop_removed(&mut self, connection: &Connection, run: RunId) -> rusqlite::Result<()> {
        let Some(tail) = self.tails.get(&run).filter(|tail| tail.record.status.is_final()) else {
            return Ok(());
        };
        if !is_there(connection, run, tail.last_row)? {
            self.tails.remove(&run);
        }
        Ok(())
    }

    /// Notes that runs were removed.
    pub(super) fn forget(&mut self, runs: &[RunId]) {
        self.tails.retain(|run, _| !runs.contains(run));
    }

    /// Where a run ends, if that is in memory.
    pub(super) fn known_tail(&self, run: RunId) -> Option<&Tail> {
        self.tails.get(&run)
    }

    /// The runs that have not ended, oldest first, with the rows that were added since the last
    /// time.
    pub(super) fn unfinished(
        &mut self,
        connection: &Connection,
        at: At<'_>,
    ) -> Result<Vec<RunRecord>, Error> {
        if !self.has_unfinished {
            // Before the rows: each would ask the table for its run.
            self.start(connection, at)?;
            let open = format!("{RUNS} WHERE status < {}", Status::Completed as u8);
            each_tail(connection, &open, |tail| {
                self.tails.entry(tail.record.run).or_insert(tail);
            })
            .map_err(|error| at.fault(&error))?;
            self.has_unfinished = true;
        }
        self.refresh(connection, at)?;
        let mut runs = Vec::with_capacity(self.tails.len());
        let open = self.tails.values().filter(|tail| !tail.record.status.is_final());
        runs.extend(open.map(|tail| tail.record.clone()));
        runs.sort_unstable_by_key(|record| record.run);
        Ok(runs)
    }

    /// All runs, oldest first.
    pub(super) fn runs(
        &self,
        connection: &Connection,
        at: At<'_>,
    ) -> Result<Vec<RunRecord>, Error> {
        let mut runs: FxHashMap<RunId, RunRecord> = FxHashMap::default();
        each_tail(connection, RUNS, |tail| {
            runs.insert(tail.record.run, tail.record);
        })
        .map_err(|error| at.fault(&error))?;
        for (run, tail) in &self.tails {
            let is_there = !tail.record.status.is_final()
                || is_there(connection, *run, tail.last_row).map_err(|error| at.fault(&error))?;
            if is_there {
                runs.insert(*run, tail.record.clone());
            }
        }
        let mut runs: Vec<RunRecord> = runs.into_values().collect();
        runs.sort_by_key(|record| record.run);
        Ok(runs)
    }

    /// Counts rows that this process has just committed.
    pub(super) fn committed(
        &mut self,
        connection: &Connection,
        at: At<'_>,
        placed: &[Placed],
    ) -> Result<(), Error> {
        let (Some(first), Some(last)) = (placed.first(), placed.last()) else { return Ok(()) };
        for placed in placed {
            self.add(connection, at, &Step::from_placed(placed))?;
        }
        if self.known_to == Some(first.row - 1) {
            self.known_to = Some(last.row);
        }
        Ok(())
    }

    /// Whether the table `runs` should be brought forward, when `last_row` is the newest row.
    pub(super) fn wants_flush(&self, last_row: i64) -> bool {
        last_row - self.flushed_to >= FLUSH_ROWS.max(FLUSH_ROWS_PER_RUN * self.n_changed)
    }

    /// Brings the table `runs` forward, inside an open write transaction. Ended runs leave the
    /// map with `forget_ended` once that is committed.
    pub(super) fn flush(&mut self, connection: &Connection, at: At<'_>) -> Result<(), Error> {
        self.refresh(connection, at)?;
        let to_row = self.known_to.unwrap_or_default();
        let write = || -> rusqlite::Result<()> {
            let mut upsert =
                connection.prepare_cached("REPLACE INTO runs VALUES (?,?,?,?,?,?,?,?,?)")?;
            for tail in self.tails.values().filter(|tail| tail.is_changed) {
                let record = &tail.record;
                upsert.execute(params![
                    record.run.bytes(),
                    &*record.name,
                    record.status as u8,
                    record.open_questions,
                    record.started,
                    record.updated,
                    tail.last_row,
                    record.last_seq as i64,
                    record.last_hash.bytes(),
                ])?;
            }
            connection.execute("UPDATE indexed SET to_row = ?1", [to_row])?;
            Ok(())
        };
        write().map_err(|error| at.fault(&error))
    }

    /// Notes that `flush` is committed.
    pub(super) fn forget_ended(&mut self) {
        self.flushed_to = self.known_to.unwrap_or_default();
        self.n_changed = 0;
        self.tails.retain(|_, tail| {
            tail.is_changed = false;
            !tail.record.status.is_final()
        });
    }

    /// Reads where the table `runs` ends, once, and gives the newest row that is accounted for.
    pub(super) fn start(&mut self, connection: &Connection, at: At<'_>) -> Result<i64, Error> {
        if let Some(known_to) = self.known_to {
            return Ok(known_to);
        }
        let to_row: i64 = connection
            .query_row("SELECT to_row FROM indexed", [], |row| row.get(0))
            .map_err(|error| at.fault(&error))?;
        self.flushed_to = to_row;
        self.known_to = Some(to_row);
        Ok(to_row)
    }

    /// Whether so many rows are not accounted for in the table that the next process would notice.
    pub(super) fn is_behind(&self) -> bool {
        self.known_to.is_some_and(|known_to| known_to - self.flushed_to >= FLUSH_ROWS)
    }

    fn add(&mut self, connection: &Connection, at: At<'_>, step: &Step) -> Result<(), Error> {
        // The way of almost every row: the next one of a run that is known and goes on.
        if let Some(tail) = self.tails.get_mut(&step.run)
            && step.seq == tail.record.last_seq + 1
            && !tail.record.status.is_final()
        {
            self.n_changed += i64::from(tail.add(step));
            return Ok(());
        }
        let is_known = self.tail(connection, at, step.run)?.is_some();
        if !is_known {
            self.n_changed += 1;
            self.tails.insert(
                step.run,
                Tail { record: step.first_record(), last_row: step.row, is_changed: true },
            );
            return Ok(());
        }
        let tail = self.tails.get_mut(&step.run).expect("`tail` has put it there");
        if tail.last_row < step.row {
            self.n_changed += i64::from(tail.add(step));
        }
        Ok(())
    }
}

impl Tail {
    /// Goes on to the run's next entry; `true` when the table had heard of all before.
    fn add(&mut self, step: &Step) -> bool {
        self.record.add(step.kind, step.time, step.seq, step.hash);
        self.last_row = step.row;
        !std::mem::replace(&mut self.is_changed, true)
    }
}

/// What the index needs of an entry.
struct Step {
    row: i64,
    run: RunId,
    seq: u64,
    time: i64,
    /// `None` for a kind of a newer format: it is reported when the run is read.
    kind: Option<Kind>,
    /// The program's, in a run's first entry.
    name: Option<Arc<str>>,
    hash: Digest,
}

impl Step {
    fn from_placed(placed: &Placed) -> Step {
        let entry = &placed.entry;
        Step {
            row: placed.row,
            run: entry.run,
            seq: entry.seq,
            time: entry.time,
            kind: Some(entry.kind),
            name: (entry.seq == 0).then(|| entry.name.clone()),
            hash: entry.hash,
        }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Step> {
        Ok(Step {
            row: row.get(0)?,
            run: RunId::from_bytes(row.get(1)?),
            seq: row.get::<_, i64>(2)? as u64,
            time: row.get(3)?,
            kind: u8::try_from(row.get::<_, i64>(4)?).ok().and_then(Kind::from_number),
            name: row.get(5)?,
            // One of another length is none: that too is reported when the run is read.
            hash: row.get(6).map_or(Digest::ZERO, Digest::from_bytes),
        })
    }

    fn first_record(&self) -> RunRecord {
        let name = self.name.clone().unwrap_or_default();
        RunRecord::first(self.run, name, self.time, self.seq, self.hash)
    }
}

/// Whether a row is still an entry of the run.
fn is_there(connection: &Connection, run: RunId, row: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE row = ?1 AND run = ?2)")?
        .query_row(params![row, run.bytes()], |found| found.get(0))
}

fn find(connection: &Connection, run: RunId) -> rusqlite::Result<Option<Tail>> {
    connection
        .prepare_cached(&format!("{RUNS} WHERE run = ?1"))?
        .query_row([run.bytes()], |row| tail_from(row, &mut Arc::from("")))
        .optional()
}

/// What the table knows of runs; columns are read by their places.
const RUNS: &str = "SELECT run, name, status, open_questions, started, updated, last_row, last_seq,
    last_hash FROM runs";

/// Reads what the table knows of many runs.
fn each_tail(
    connection: &Connection,
    sql: &str,
    mut take: impl FnMut(Tail),
) -> rusqlite::Result<()> {
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query([])?;
    let mut name = Arc::from("");
    while let Some(row) = rows.next()? {
        take(tail_from(row, &mut name)?);
    }
    Ok(())
}

/// `name` is that of the run before, which most have as well.
fn tail_from(row: &Row<'_>, name: &mut Arc<str>) -> rusqlite::Result<Tail> {
    let own = row.get_ref(1)?.as_str()?;
    if **name != *own {
        *name = own.into();
    }
    let status: u8 = row.get(2)?;
    let record = RunRecord {
        run: RunId::from_bytes(row.get(0)?),
        name: name.clone(),
        status: Status::from_number(status)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(2, i64::from(status)))?,
        open_questions: row.get(3)?,
        started: row.get(4)?,
        updated: row.get(5)?,
        last_seq: row.get::<_, i64>(7)? as u64,
        last_hash: Digest::from_bytes(row.get(8)?),
    };
    Ok(Tail { record, last_row: row.get(6)?, is_changed: false })
}
