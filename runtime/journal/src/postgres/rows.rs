//! Entries, runs and messages as rows.

use postgres::types::ToSql;
use postgres::{Client, Error as PgError, Row, Transaction};

use crate::{
    Checkpoint, Digest, Entry, Error, Kind, Message, NextCheckpoint, Payload, Reference, RunId,
    RunRecord, Status,
};

const COLUMNS: &str = "seq, time, kind, effect_id, name, request, payload, blob, blob_len, hash";

/// An entry as it is stored, before anybody has looked whether it is one.
pub(super) struct Stored {
    seq: i64,
    time: i64,
    kind: i16,
    effect_id: String,
    name: String,
    request: Vec<u8>,
    payload: Option<Vec<u8>>,
    blob: Option<Vec<u8>>,
    blob_len: Option<i64>,
    hash: Vec<u8>,
}

impl Stored {
    fn from_row(row: &Row) -> Result<Stored, PgError> {
        Ok(Stored {
            seq: row.try_get(0)?,
            time: row.try_get(1)?,
            kind: row.try_get(2)?,
            effect_id: row.try_get(3)?,
            name: row.try_get(4)?,
            request: row.try_get(5)?,
            payload: row.try_get(6)?,
            blob: row.try_get(7)?,
            blob_len: row.try_get(8)?,
            hash: row.try_get(9)?,
        })
    }

    /// The entry that must be at this place, with `prev` still zero.
    pub(super) fn at(self, run: RunId, seq: u64) -> Result<Entry, Error> {
        if self.seq as u64 != seq {
            return Err(Error::Missing { run, seq });
        }
        let changed = Error::Changed { run, seq };
        let number = i64::from(self.kind);
        let kind = u8::try_from(number).ok().and_then(Kind::from_number);
        let kind = kind.ok_or(Error::UnknownKind { run, seq, kind: number })?;
        let payload = match (self.payload, digest(self.blob.as_deref()), self.blob_len) {
            (Some(bytes), _, _) => Payload::Inline(bytes.into()),
            (None, Some(hash), Some(len)) => Payload::Blob(Reference { hash, len: len as u64 }),
            (None, _, _) => return Err(changed),
        };
        Ok(Entry {
            run,
            seq,
            time: self.time,
            kind,
            effect_id: self.effect_id.into(),
            name: self.name.into(),
            request: digest(Some(&self.request)).ok_or(changed.clone())?,
            payload,
            prev: Digest::ZERO,
            hash: digest(Some(&self.hash)).ok_or(changed)?,
        })
    }
}

pub(super) fn digest(bytes: Option<&[u8]>) -> Option<Digest> {
    bytes?.try_into().ok().map(Digest::from_bytes)
}

/// The run's entries from the one before `from` on, and the number of its last one.
pub(super) fn read(
    client: &mut Client,
    run: RunId,
    from: u64,
) -> Result<(Vec<Stored>, Option<u64>), PgError> {
    // One state of the database: the list of runs and the entries belong together.
    let mut snapshot = client
        .build_transaction()
        .isolation_level(postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()?;
    let run = &run.bytes()[..];
    let last = snapshot.query_opt("SELECT last_seq FROM prism_runs WHERE run = $1", &[&run])?;
    let last: Option<i64> = last.map(|row| row.try_get(0)).transpose()?;
    let first = i64::try_from(from.saturating_sub(1)).unwrap_or(i64::MAX);
    let sql =
        format!("SELECT {COLUMNS} FROM prism_entries WHERE run = $1 AND seq >= $2 ORDER BY seq");
    let rows = snapshot.query(&sql, &[&run, &first])?;
    snapshot.commit()?;
    let stored: Result<Vec<Stored>, PgError> = rows.iter().map(Stored::from_row).collect();
    Ok((stored?, last.map(|last| last as u64)))
}

pub(super) fn runs(
    client: &mut Client,
    rest: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<RunRecord>, PgError> {
    let sql = format!(
        "SELECT run, name, status, open_questions, started, updated, last_seq, last_hash
         FROM prism_runs {rest}"
    );
    client.query(&sql, params)?.iter().map(record).collect()
}

/// A row of the derived table. What is no run there shows when its entries are read.
pub(super) fn record(row: &Row) -> Result<RunRecord, PgError> {
    let status: i16 = row.try_get(2)?;
    Ok(RunRecord {
        run: run_of(row.try_get(0)?),
        name: row.try_get::<_, String>(1)?.into(),
        status: u8::try_from(status).ok().and_then(Status::from_number).unwrap_or(Status::Running),
        open_questions: u32::try_from(row.try_get::<_, i64>(3)?).unwrap_or_default(),
        started: row.try_get(4)?,
        updated: row.try_get(5)?,
        last_seq: row.try_get::<_, i64>(6)? as u64,
        last_hash: digest(Some(row.try_get(7)?)).unwrap_or(Digest::ZERO),
    })
}

pub(super) fn run_of(bytes: &[u8]) -> RunId {
    RunId::from_bytes(bytes.try_into().unwrap_or_default())
}

pub(super) fn messages(
    client: &mut Client,
    run: Option<RunId>,
    after: u64,
) -> Result<Vec<Message>, PgError> {
    let run = run.map(|run| run.bytes().to_vec());
    let sql = "SELECT number, run, key, time, body FROM prism_messages
               WHERE number > $1 AND ($2::bytea IS NULL OR run = $2) ORDER BY number";
    client.query(sql, &[&(after as i64), &run])?.iter().map(message_from).collect()
}

/// The message of a run under a key.
pub(super) fn message(
    client: &mut Client,
    run: RunId,
    key: &str,
) -> Result<Option<Message>, PgError> {
    let sql = "SELECT number, run, key, time, body FROM prism_messages
               WHERE run = $1 AND key = $2";
    let row = client.query_opt(sql, &[&&run.bytes()[..], &key])?;
    row.as_ref().map(message_from).transpose()
}

fn message_from(row: &Row) -> Result<Message, PgError> {
    Ok(Message {
        number: row.try_get::<_, i64>(0)? as u64,
        run: run_of(row.try_get(1)?),
        key: row.try_get::<_, String>(2)?.into(),
        time: row.try_get(3)?,
        body: row.try_get::<_, Vec<u8>>(4)?.into(),
    })
}

/// The row of a run's first entry, if there is one.
pub(super) fn first(client: &mut Client, run: RunId) -> Result<Option<Stored>, PgError> {
    let sql = format!("SELECT {COLUMNS} FROM prism_entries WHERE run = $1 AND seq = 0");
    let row = client.query_opt(&sql, &[&&run.bytes()[..]])?;
    row.as_ref().map(Stored::from_row).transpose()
}

/// Inserts entries with one statement, however many there are.
pub(super) fn insert(transaction: &mut Transaction<'_>, entries: &[&Entry]) -> Result<(), PgError> {
    let sql = "INSERT INTO prism_entries
        SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::smallint[], $5::text[],
            $6::text[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bigint[], $11::bytea[])";
    let inline = |entry: &Entry| match &entry.payload {
        Payload::Inline(bytes) => Some(bytes.to_vec()),
        Payload::Blob(_) => None,
    };
    let blob = |entry: &Entry| match &entry.payload {
        Payload::Inline(_) => None,
        Payload::Blob(reference) => Some(*reference),
    };
    let all = || entries.iter();
    transaction.execute(
        sql,
        &[
            &all().map(|entry| &entry.run.bytes()[..]).collect::<Vec<_>>(),
            &all().map(|entry| entry.seq as i64).collect::<Vec<_>>(),
            &all().map(|entry| entry.time).collect::<Vec<_>>(),
            &all().map(|entry| i16::from(entry.kind as u8)).collect::<Vec<_>>(),
            &all().map(|entry| &*entry.effect_id).collect::<Vec<_>>(),
            &all().map(|entry| &*entry.name).collect::<Vec<_>>(),
            &all().map(|entry| &entry.request.bytes()[..]).collect::<Vec<_>>(),
            &all().map(|entry| inline(entry)).collect::<Vec<_>>(),
            &all()
                .map(|entry| blob(entry).map(|blob| blob.hash.bytes().to_vec()))
                .collect::<Vec<_>>(),
            &all().map(|entry| blob(entry).map(|blob| blob.len as i64)).collect::<Vec<_>>(),
            &all().map(|entry| &entry.hash.bytes()[..]).collect::<Vec<_>>(),
        ],
    )?;
    Ok(())
}

/// The checkpoint of a run. What cannot be one is none.
pub(super) fn checkpoint(client: &mut Client, run: RunId) -> Result<Option<Checkpoint>, PgError> {
    let sql = "SELECT seq, prev, bytes FROM prism_checkpoints WHERE run = $1";
    let Some(row) = client.query_opt(sql, &[&&run.bytes()[..]])? else { return Ok(None) };
    let (seq, bytes) = (row.try_get::<_, i64>(0)? as u64, row.try_get::<_, &[u8]>(2)?.into());
    Ok(digest(Some(row.try_get(1)?)).map(|prev| Checkpoint { seq, prev, bytes }))
}

/// Does to the checkpoint of a run what a batch says.
pub(super) fn next_checkpoint(
    transaction: &mut Transaction<'_>,
    run: RunId,
    next: &NextCheckpoint,
) -> Result<(), PgError> {
    let run = &run.bytes()[..];
    match next {
        NextCheckpoint::Keep => Ok(()),
        NextCheckpoint::Put(Checkpoint { seq, prev, bytes }) => {
            let sql = "INSERT INTO prism_checkpoints VALUES ($1, $2, $3, $4)
                ON CONFLICT (run) DO UPDATE
                SET seq = excluded.seq, prev = excluded.prev, bytes = excluded.bytes";
            let prev = &prev.bytes()[..];
            transaction.execute(sql, &[&run, &(*seq as i64), &prev, &&bytes[..]]).map(|_| ())
        }
        NextCheckpoint::Drop => {
            let sql = "DELETE FROM prism_checkpoints WHERE run = $1";
            transaction.execute(sql, &[&run]).map(|_| ())
        }
    }
}

/// Brings the table of runs forward.
pub(super) fn upsert(
    transaction: &mut Transaction<'_>,
    records: &[&RunRecord],
) -> Result<(), PgError> {
    let sql = "INSERT INTO prism_runs
        SELECT * FROM unnest($1::bytea[], $2::text[], $3::smallint[], $4::bigint[], $5::bigint[],
            $6::bigint[], $7::bigint[], $8::bytea[])
        ON CONFLICT (run) DO UPDATE SET status = excluded.status,
            open_questions = excluded.open_questions, updated = excluded.updated,
            last_seq = excluded.last_seq, last_hash = excluded.last_hash";
    let all = || records.iter();
    transaction.execute(
        sql,
        &[
            &all().map(|record| &record.run.bytes()[..]).collect::<Vec<_>>(),
            &all().map(|record| &*record.name).collect::<Vec<_>>(),
            &all().map(|record| i16::from(record.status as u8)).collect::<Vec<_>>(),
            &all().map(|record| i64::from(record.open_questions)).collect::<Vec<_>>(),
            &all().map(|record| record.started).collect::<Vec<_>>(),
            &all().map(|record| record.updated).collect::<Vec<_>>(),
            &all().map(|record| record.last_seq as i64).collect::<Vec<_>>(),
            &all().map(|record| &record.last_hash.bytes()[..]).collect::<Vec<_>>(),
        ],
    )?;
    Ok(())
}
