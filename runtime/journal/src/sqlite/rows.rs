//! Entries and messages as rows.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::{Arc, LazyLock};

use rusqlite::{Connection, OptionalExtension, Row, Statement, ToSql, params};

use super::fault::At;
use crate::store::check_chain;
use crate::{
    Checkpoint, Digest, Entry, Error, Kind, Message, NextCheckpoint, Payload, Recovered, Reference,
    RunId,
};

/// Columns of `entries`.
const N_COLUMNS: usize = 13;
/// A row by its number. Columns are read by their places, which costs a third of reading them by
/// name.
const BY_ROW: &str = "SELECT row, run, seq, back, time, kind, effect_id, name, request, payload,
    blob, blob_len, hash FROM entries WHERE row = ?1";
/// The same, for one row after the other.
const DOWN_FROM: &str = "SELECT row, run, seq, back, time, kind, effect_id, name, request, payload,
    blob, blob_len, hash FROM entries WHERE row <= ?1 ORDER BY row DESC";
/// For so many entries of a run room is made at once, whatever the index says.
const MOST: usize = 4096;
/// So many rows are passed over before the next one is looked for, which takes ten times as long as
/// passing over one.
const FAR: u32 = 8;
/// Rows per statement, most first.
const CHUNKS: [usize; 3] = [64, 8, 1];

/// An entry with its row number and that of its run's entry before it (0: none).
pub(super) struct Placed {
    pub(super) row: i64,
    pub(super) back: i64,
    pub(super) entry: Entry,
}

/// Inserts rows inside the open transaction. `OR ROLLBACK` keeps SQLite from opening a
/// statement journal for each statement.
pub(super) fn insert(connection: &Connection, placed: &[Placed]) -> rusqlite::Result<()> {
    let mut rest = placed;
    for (size, sql) in CHUNKS.into_iter().zip(&*INSERTS) {
        if rest.len() < size {
            continue;
        }
        let mut statement = connection.prepare_cached(sql)?;
        while rest.len() >= size {
            let (chunk, after) = rest.split_at(size);
            for (index, placed) in chunk.iter().enumerate() {
                bind(&mut statement, index * N_COLUMNS, placed)?;
            }
            statement.raw_execute()?;
            rest = after;
        }
    }
    Ok(())
}

/// The statements for so many rows.
static INSERTS: LazyLock<[String; 3]> = LazyLock::new(|| CHUNKS.map(insert_sql));

fn insert_sql(rows: usize) -> String {
    let row = format!("({})", vec!["?"; N_COLUMNS].join(","));
    format!("INSERT OR ROLLBACK INTO entries VALUES {}", vec![row; rows].join(","))
}

fn bind(statement: &mut Statement<'_>, before: usize, placed: &Placed) -> rusqlite::Result<()> {
    let entry = &placed.entry;
    let (inline, blob, blob_len) = match &entry.payload {
        Payload::Inline(bytes) => (Some(&bytes[..]), None, None),
        Payload::Blob(reference) => {
            (None, Some(&reference.hash.bytes()[..]), Some(reference.len as i64))
        }
    };
    let columns: [&dyn ToSql; N_COLUMNS] = [
        &placed.row,
        &&entry.run.bytes()[..],
        &(entry.seq as i64),
        &placed.back,
        &entry.time,
        &(entry.kind as u8),
        &&*entry.effect_id,
        &&*entry.name,
        &&entry.request.bytes()[..],
        &inline,
        &blob,
        &blob_len,
        &&entry.hash.bytes()[..],
    ];
    for (index, column) in columns.into_iter().enumerate() {
        statement.raw_bind_parameter(before + index + 1, column)?;
    }
    Ok(())
}

/// A part of a run's chain, and the hash before it.
pub(super) struct Chain {
    pub(super) entries: Vec<Entry>,
    pub(super) prev: Digest,
}

/// Follows a run back from its last row to the entry `from`; the result is in order.
pub(super) fn read_back(
    connection: &Connection,
    at: At<'_>,
    run: RunId,
    last_row: i64,
    last_seq: u64,
    from: u64,
) -> Result<Chain, Error> {
    let mut query = connection.prepare_cached(BY_ROW).map_err(|error| at.fault(&error))?;
    let (mut row, mut seq) = (last_row, last_seq);
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let found = query
            .query_row([row], |columns| Ok(entry_from(columns)))
            .optional()
            .map_err(|error| at.fault(&error))?;
        let (entry, back) =
            found.ok_or(Error::Missing { run, seq })?.map_err(|why| why.at(run, seq))?;
        if entry.run != run || entry.seq != seq {
            return Err(Error::Missing { run, seq });
        }
        if let Some(later) = entries.last_mut() {
            later.prev = entry.hash;
        }
        if seq < from {
            break;
        }
        entries.push(entry);
        if seq == 0 {
            break;
        }
        (row, seq) = (back, seq - 1);
    }
    entries.reverse();
    let prev = entries.first().map_or(Digest::ZERO, |entry| entry.prev);
    Ok(Chain { entries, prev })
}

/// Runs followed back to their checkpoints, or to their first entries, from their last rows. Each
/// result is in order, and `prev` is filled in. A run is followed back to its first entry as well
/// where its journal does not go on from its checkpoint.
///
/// The rows of all are met on one way down the table, so that each page is read once, and most
/// rows are the next ones.
pub(super) fn read_all_back(
    connection: &Connection,
    ends: Vec<End>,
) -> rusqlite::Result<Vec<Result<Recovered, Error>>> {
    let rows: Vec<i64> = ends.iter().map(|end| end.row).collect();
    let mut ways: Vec<Way> = ends.into_iter().map(Way::back_from).collect();
    follow(connection, &mut ways, &rows)?;
    let mut found: Vec<Result<Recovered, Error>> = Vec::with_capacity(rows.len());
    for (way, row) in ways.into_iter().zip(rows) {
        let end = End { run: way.run, row, seq: way.last_seq, checkpoint: None };
        let is_whole = way.checkpoint.is_none();
        found.push(match way.checked() {
            Err(_) if !is_whole => {
                let mut whole = [Way::back_from(end)];
                follow(connection, &mut whole, &[row])?;
                let [whole] = whole;
                whole.checked()
            }
            checked => checked,
        });
    }
    Ok(found)
}

/// Takes each way as far as it goes, from its last row.
fn follow(connection: &Connection, ways: &mut [Way], rows: &[i64]) -> rusqlite::Result<()> {
    let places = rows.iter().enumerate().map(|(way, row)| (*row, way));
    let mut wanted: BinaryHeap<(i64, usize)> = places.collect();
    let mut query = connection.prepare_cached(DOWN_FROM)?;
    while let Some((highest, _)) = wanted.peek() {
        let mut rows = query.query([*highest])?;
        let mut n_passed = 0;
        while n_passed <= FAR {
            let found = rows.next()?;
            let number = found.map_or(Ok(i64::MIN), |row| row.get(0))?;
            while let Some(way) = pop_if(&mut wanted, |row| row > number) {
                ways[way].is_missing();
            }
            let Some(row) = found.filter(|_| !wanted.is_empty()) else { break };
            n_passed += 1;
            while let Some(way) = pop_if(&mut wanted, |row| row == number) {
                n_passed = 0;
                wanted.extend(ways[way].take(row).map(|back| (back, way)));
            }
        }
    }
    Ok(())
}

/// The last row of a run, and its checkpoint.
pub(super) struct End {
    pub(super) run: RunId,
    pub(super) row: i64,
    pub(super) seq: u64,
    pub(super) checkpoint: Option<Checkpoint>,
}

/// Takes out the way whose next row is the highest, if it is one of these.
fn pop_if(wanted: &mut BinaryHeap<(i64, usize)>, is_one: impl Fn(i64) -> bool) -> Option<usize> {
    let highest = wanted.peek_mut().filter(|highest| is_one(highest.0))?;
    Some(PeekMut::pop(highest).1)
}

/// How far a run has been followed back.
struct Way {
    run: RunId,
    last_seq: u64,
    /// Where it ends; without one, at the first entry.
    checkpoint: Option<Checkpoint>,
    /// Of the entry that comes next.
    seq: u64,
    /// The last one first.
    entries: Result<Vec<Entry>, Error>,
}

impl Way {
    fn back_from(end: End) -> Way {
        let End { run, seq, checkpoint, .. } = end;
        // One that accounts for more than there is cannot be gone on from.
        let checkpoint = checkpoint.filter(|checkpoint| checkpoint.seq <= seq);
        let from = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.seq);
        let n_entries = usize::try_from(seq - from).unwrap_or_default().saturating_add(1).min(MOST);
        Way { run, last_seq: seq, checkpoint, seq, entries: Ok(Vec::with_capacity(n_entries)) }
    }

    /// The number of the first entry that is wanted.
    fn first_seq(&self) -> u64 {
        self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.seq)
    }

    /// Takes the next entry; gives the row of the one after it.
    fn take(&mut self, row: &Row<'_>) -> Option<i64> {
        let (run, seq, from) = (self.run, self.seq, self.first_seq());
        let entries = self.entries.as_mut().ok()?;
        match entry_from(row) {
            Ok((entry, back)) if entry.run == run && entry.seq == seq => {
                if let Some(later) = entries.last_mut() {
                    later.prev = entry.hash;
                }
                entries.push(entry);
                self.seq = seq.checked_sub(1).filter(|next| *next >= from)?;
                Some(back)
            }
            Ok(_) => self.is_missing(),
            Err(why) => {
                self.entries = Err(why.at(run, seq));
                None
            }
        }
    }

    fn is_missing(&mut self) -> Option<i64> {
        self.entries = Err(Error::Missing { run: self.run, seq: self.seq });
        None
    }

    fn checked(self) -> Result<Recovered, Error> {
        let (from, checkpoint) = (self.first_seq(), self.checkpoint);
        let mut entries = self.entries?;
        entries.reverse();
        let prev = checkpoint.as_ref().map_or(Digest::ZERO, |checkpoint| checkpoint.prev);
        if let Some(first) = entries.first_mut() {
            first.prev = prev;
        }
        check_chain(&entries, from, prev)?;
        Ok(Recovered { checkpoint, entries })
    }
}

/// The checkpoint of a run.
pub(super) fn checkpoint(
    connection: &Connection,
    run: RunId,
) -> rusqlite::Result<Option<Checkpoint>> {
    connection
        .prepare_cached("SELECT run, seq, prev, bytes FROM checkpoints WHERE run = ?1")?
        .query_row([run.bytes()], checkpoint_from)
        .optional()
}

/// The checkpoints of these runs, in the same order. The table has them in the order of the runs, so
/// that most are the next ones on one way down.
pub(super) fn checkpoints(
    connection: &Connection,
    runs: &[RunId],
) -> rusqlite::Result<Vec<Option<Checkpoint>>> {
    let mut found = vec![None; runs.len()];
    let places = runs.iter().enumerate().map(|(place, run)| (*run, place));
    let mut wanted: Vec<(RunId, usize)> = places.collect();
    wanted.sort_unstable();
    let mut wanted = wanted.into_iter().peekable();
    let mut query = connection.prepare_cached(
        "SELECT run, seq, prev, bytes FROM checkpoints WHERE run >= ?1 ORDER BY run",
    )?;
    while let Some((next, _)) = wanted.peek() {
        let mut rows = query.query([next.bytes()])?;
        let mut n_passed = 0;
        while n_passed <= FAR {
            let Some(row) = rows.next()? else { return Ok(found) };
            let run = RunId::from_bytes(row.get(0)?);
            while wanted.next_if(|(wanted, _)| *wanted < run).is_some() {}
            n_passed += 1;
            if let Some((_, place)) = wanted.next_if(|(wanted, _)| *wanted == run) {
                n_passed = 0;
                // What cannot be read is no checkpoint.
                found[place] = checkpoint_from(row).ok();
            }
            if wanted.peek().is_none() {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

fn checkpoint_from(row: &Row<'_>) -> rusqlite::Result<Checkpoint> {
    let bytes = row.get_ref(3)?.as_blob()?.into();
    let prev = Digest::from_bytes(row.get(2)?);
    Ok(Checkpoint { seq: row.get::<_, i64>(1)? as u64, prev, bytes })
}

/// Does to the checkpoint of a run what a batch says.
pub(super) fn next_checkpoint(
    connection: &Connection,
    run: RunId,
    next: &NextCheckpoint,
) -> rusqlite::Result<()> {
    match next {
        NextCheckpoint::Keep => Ok(()),
        NextCheckpoint::Put(Checkpoint { seq, prev, bytes }) => connection
            .prepare_cached("REPLACE INTO checkpoints VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![run.bytes(), *seq as i64, prev.bytes(), &bytes[..]])
            .map(|_| ()),
        NextCheckpoint::Drop => connection
            .prepare_cached("DELETE FROM checkpoints WHERE run = ?1")?
            .execute([run.bytes()])
            .map(|_| ()),
    }
}

/// The last entry of each of these runs, which are at these rows.
pub(super) fn ends(
    connection: &Connection,
    at: At<'_>,
    runs: &[(RunId, i64, u64)],
) -> Result<Vec<Entry>, Error> {
    let mut query = connection.prepare_cached(BY_ROW).map_err(|error| at.fault(&error))?;
    let mut before = connection
        .prepare_cached("SELECT hash FROM entries WHERE row = ?1")
        .map_err(|error| at.fault(&error))?;
    let mut ends = Vec::with_capacity(runs.len());
    for &(run, row, seq) in runs {
        let found = query
            .query_row([row], |columns| Ok(entry_from(columns)))
            .optional()
            .map_err(|error| at.fault(&error))?;
        let (mut entry, back) =
            found.ok_or(Error::Missing { run, seq })?.map_err(|why| why.at(run, seq))?;
        if entry.run != run || entry.seq != seq {
            return Err(Error::Missing { run, seq });
        }
        if seq > 0 {
            let prev = before.query_row([back], |row| row.get(0)).optional();
            let prev = prev.map_err(|error| at.fault(&error))?;
            entry.prev = Digest::from_bytes(prev.ok_or(Error::Missing { run, seq: seq - 1 })?);
        }
        check_chain(std::slice::from_ref(&entry), seq, entry.prev)?;
        ends.push(entry);
    }
    Ok(ends)
}

/// The first entry of a run, which is at this row.
pub(super) fn first(
    connection: &Connection,
    at: At<'_>,
    run: RunId,
    row: i64,
) -> Result<Entry, Error> {
    let found = connection
        .prepare_cached(BY_ROW)
        .and_then(|mut query| query.query_row([row], |columns| Ok(entry_from(columns))).optional())
        .map_err(|error| at.fault(&error))?;
    let missing = Error::Missing { run, seq: 0 };
    let entry = found.ok_or(missing)?.map_err(|why| why.at(run, 0))?.0;
    check_chain(std::slice::from_ref(&entry), 0, Digest::ZERO)?;
    Ok(entry)
}

/// Why a row is no entry.
enum Unreadable {
    Changed,
    Kind(i64),
}

impl Unreadable {
    fn at(self, run: RunId, seq: u64) -> Error {
        match self {
            Unreadable::Changed => Error::Changed { run, seq },
            Unreadable::Kind(kind) => Error::UnknownKind { run, seq, kind },
        }
    }
}

impl From<rusqlite::Error> for Unreadable {
    fn from(_: rusqlite::Error) -> Unreadable {
        Unreadable::Changed
    }
}

/// The entry in a row, with `prev` still zero, and the row of its run's entry before it.
fn entry_from(row: &Row<'_>) -> Result<(Entry, i64), Unreadable> {
    let kind: i64 = row.get(5)?;
    let kind = u8::try_from(kind).ok().and_then(Kind::from_number).ok_or(Unreadable::Kind(kind))?;
    let inline = row.get_ref(9)?.as_blob_or_null().map_err(|_| Unreadable::Changed)?;
    let payload = match inline {
        Some(bytes) => Payload::Inline(bytes.into()),
        None => Payload::Blob(Reference {
            hash: Digest::from_bytes(row.get(10)?),
            len: row.get::<_, i64>(11)? as u64,
        }),
    };
    let entry = Entry {
        run: RunId::from_bytes(row.get(1)?),
        seq: row.get::<_, i64>(2)? as u64,
        time: row.get(4)?,
        kind,
        effect_id: row.get::<_, Arc<str>>(6)?,
        name: row.get::<_, Arc<str>>(7)?,
        request: Digest::from_bytes(row.get(8)?),
        payload,
        prev: Digest::ZERO,
        hash: Digest::from_bytes(row.get(12)?),
    };
    Ok((entry, row.get(3)?))
}

/// Messages above a number.
pub(super) fn messages(
    connection: &Connection,
    run: Option<RunId>,
    after: u64,
) -> rusqlite::Result<Vec<Message>> {
    // Two queries: one that serves both cases would read all messages in both.
    let mut query = connection.prepare_cached(match run {
        None => {
            "SELECT number, run, key, time, body FROM messages
             WHERE number > ?1 AND ?2 IS NULL ORDER BY number"
        }
        Some(_) => {
            "SELECT number, run, key, time, body FROM messages
             WHERE +number > ?1 AND run = ?2 ORDER BY number"
        }
    })?;
    let run = run.map(|run| run.bytes().to_vec());
    let rows = query.query_map(params![after as i64, run], message_from)?;
    rows.collect()
}

/// The message of a run under a key.
pub(super) fn message(
    connection: &Connection,
    run: RunId,
    key: &str,
) -> rusqlite::Result<Option<Message>> {
    connection
        .prepare_cached(
            "SELECT number, run, key, time, body FROM messages WHERE run = ?1 AND key = ?2",
        )?
        .query_row(params![run.bytes(), key], message_from)
        .optional()
}

fn message_from(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        number: row.get::<_, i64>(0)? as u64,
        run: RunId::from_bytes(row.get(1)?),
        key: row.get(2)?,
        time: row.get(3)?,
        body: row.get::<_, Vec<u8>>(4)?.into(),
    })
}
