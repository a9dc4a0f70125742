//! The embedded store: one SQLite file, one thread that writes to it.
//!
//! Entries are appended by row number and each remembers its run's row before it, so that
//! writing touches one leaf of one table; where a run ends is in memory and, for older rows,
//! in the table `runs` (see `index`). Other processes may use the same file at the same time.

mod fault;

mod open;

mod format;

mod wal;

mod rows;

mod lookup;

mod index;

mod writer;

mod remove;

mod place;

mod locks;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use rusqlite::{Connection, OptionalExtension, Params, params};

use crate::store::{check_chain, recover_each};
use crate::{
    Ack, Batch, Checkpoint, Claim, Digest, Entry, Error, Message, Reach, Recovered, Reference,
    Removed, RunId, RunRecord, StateKey, Store, Values,
};
use fault::At;
use index::Index;
use locks::Locks;
use writer::Writer;

/// How long a lock of another program is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// From so many runs on, a connection of their own is worth its while.
const MANY: usize = 16;

/// A store in a SQLite file. Dropping it writes what is queued and closes the file.
pub struct Sqlite {
    path: Arc<Path>,
    writer: Writer,
    /// Opened by the first question.
    reader: Mutex<Option<Connection>>,
    patience: Duration,
    index: Arc<Mutex<Index>>,
    locks: Locks,
    values: Arc<dyn Values>,
}

impl Sqlite {
    /// Opens the store, and makes the file and its folder when they are not there.
    ///
    /// Errors: `P2001` newer format, `P2002` damaged or no store, `P2003` locked,
    /// `P2004` disk full, `P2007` unreachable, `P2023` large values at a place elsewhere.
    pub fn open(path: impl Into<PathBuf>) -> Result<Sqlite, Error> {
        Sqlite::open_within(path, PATIENCE)
    }

    /// The same, waiting at most `patience` for another program's lock, now and later.
    pub fn open_within(path: impl Into<PathBuf>, patience: Duration) -> Result<Sqlite, Error> {
        let path = path.into();
        let nowhere = |address: &str| Err(place::elsewhere(&path, address));
        Sqlite::open_with(path.clone(), patience, &nowhere)
    }

    /// The same, and large values may be at a place that `reach` opens.
    pub fn open_reaching(path: impl Into<PathBuf>, reach: Reach<'_>) -> Result<Sqlite, Error> {
        Sqlite::open_with(path.into(), PATIENCE, reach)
    }

    fn open_with(path: PathBuf, patience: Duration, reach: Reach<'_>) -> Result<Sqlite, Error> {
        let path: Arc<Path> = path.into();
        let connection = open::writer(&path, patience)?;
        let values = place::open(&connection, At(&path), reach)?;
        let reader = Mutex::new(None);
        let index = Arc::new(Mutex::new(Index::default()));
        let writer = Writer::spawn(connection, path.clone(), index.clone(), values.clone())?;
        let locks = Locks::beside(&path);
        Ok(Sqlite { path, writer, reader, patience, index, locks, values })
    }

    /// Brings a store that nobody uses from its format to another one, for another Prism; gives the
    /// format that it had. `open` brings an older one to the newest by itself.
    ///
    /// Errors: those of `open`, and `P2021` for a format that this Prism does not know.
    pub fn migrate(path: impl AsRef<Path>, to: i64) -> Result<i64, Error> {
        open::migrate(path.as_ref(), PATIENCE, to)
    }

    /// Where the large values of a store are; `None`: beside it.
    ///
    /// Errors: those of `open`.
    pub fn place(path: impl AsRef<Path>) -> Result<Option<String>, Error> {
        let at = At(path.as_ref());
        place::address(&open::writer(at.0, PATIENCE)?, at)
    }

    /// Moves the large values of a store that nobody uses to another place, `None` for beside it;
    /// gives how many there were. Places are opened by `reach`. What a crash or an error leaves is
    /// at the old place, and perhaps at the new one too.
    ///
    /// Errors: those of `open`, and `P2006` for a value that is missing or damaged.
    pub fn move_values(
        path: impl AsRef<Path>,
        to: Option<&str>,
        reach: Reach<'_>,
    ) -> Result<u64, Error> {
        let mut connection = open::alone(path.as_ref(), PATIENCE)?;
        place::change(&mut connection, path.as_ref(), to, reach)
    }

    fn at(&self) -> At<'_> {
        At(&self.path)
    }

    /// Runs `read` with the connection for reading.
    fn reading<T>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *reader {
            Some(connection) => read(connection),
            none => read(none.insert(open::reader(&self.path, self.patience)?)),
        }
    }

    /// Reads many runs, on a connection of their own: several threads may do so at once.
    fn read_together(&self, runs: &[RunId]) -> Result<Vec<Result<Recovered, Error>>, Error> {
        let mut connection = open::reader(&self.path, self.patience)?;
        let snapshot = connection.transaction().map_err(|error| self.at().fault(&error))?;
        let mut ends = Vec::with_capacity(runs.len());
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        index.refresh(&snapshot, self.at())?;
        for run in runs {
            let tail = index.tail(&snapshot, self.at(), *run)?;
            ends.push(tail.map(|tail| (*run, tail.last_row, tail.record.last_seq)));
        }
        drop(index);
        // What cannot be read is no checkpoint.
        let checkpoints = rows::checkpoints(&snapshot, runs);
        let checkpoints = checkpoints.unwrap_or_else(|_| vec![None; runs.len()]);
        let end = |(end, checkpoint): (&Option<_>, _)| {
            end.map(|(run, row, seq)| rows::End { run, row, seq, checkpoint })
        };
        let known: Vec<_> = ends.iter().zip(checkpoints).filter_map(end).collect();
        let found = rows::read_all_back(&snapshot, known);
        let mut found = found.map_err(|error| self.at().fault(&error))?.into_iter();
        // A run that the store does not know has no entries.
        let entries = |end: &Option<_>| {
            end.and_then(|_| found.next()).unwrap_or_else(|| Ok(Recovered::default()))
        };
        Ok(ends.iter().map(entries).collect())
    }

    /// The bytes that a query finds in its one column.
    fn find(&self, query: &str, params: impl Params) -> Result<Option<Vec<u8>>, Error> {
        self.reading(|connection| {
            connection
                .prepare_cached(query)
                .and_then(|mut query| query.query_row(params, |row| row.get(0)).optional())
                .map_err(|error| self.at().fault(&error))
        })
    }

    /// Runs `read` on one consistent state of the file, with an index that is up to date.
    fn with_index<T>(
        &self,
        read: impl FnOnce(&Connection, &mut Index) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.with_old_index(|snapshot, index| {
            index.refresh(snapshot, self.at())?;
            read(snapshot, index)
        })
    }

    /// The same with the index as it is.
    fn with_old_index<T>(
        &self,
        read: impl FnOnce(&Connection, &mut Index) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.reading(|connection| {
            let snapshot = connection.transaction().map_err(|error| self.at().fault(&error))?;
            let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
            read(&snapshot, &mut index)
        })
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The connection that closes last folds the log into the file, which one that only
        // reads cannot do.
        *self.reader.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Store for Sqlite {
    fn claim(&self, run: RunId) -> Result<Claim, Error> {
        self.locks.claim(run)
    }

    fn is_claimed(&self, run: RunId) -> Result<bool, Error> {
        self.locks.is_claimed(run)
    }

    fn append(&self, _claim: &Claim, batch: Batch, ack: Ack) {
        // Runs of one process share a sync; one that is alone gains nothing by another thread.
        match batch.is_awaited && self.locks.n_held() == 1 {
            true => self.writer.append_here(batch, ack),
            false => self.writer.append(batch, ack),
        }
    }

    fn read(&self, run: RunId, from: u64) -> Result<Vec<Entry>, Error> {
        self.with_index(|snapshot, index| {
            let Some(tail) = index.tail(snapshot, self.at(), run)? else { return Ok(Vec::new()) };
            let (last_row, last_seq) = (tail.last_row, tail.record.last_seq);
            if from > last_seq {
                return Ok(Vec::new());
            }
            let chain = rows::read_back(snapshot, self.at(), run, last_row, last_seq, from)?;
            check_chain(&chain.entries, from, chain.prev)?;
            Ok(chain.entries)
        })
    }

    fn first(&self, run: RunId) -> Result<Option<Entry>, Error> {
        let found = self.with_index(|snapshot, index| {
            let Some(tail) = index.tail(snapshot, self.at(), run)? else { return Ok(None) };
            lookup::first(snapshot, self.at(), &tail.record, tail.last_row)
        })?;
        match found {
            Some(first) => Ok(Some(first)),
            None => Ok(self.read(run, 0)?.into_iter().next()),
        }
    }

    fn checkpoint(&self, run: RunId) -> Result<Option<Checkpoint>, Error> {
        // What cannot be read is no checkpoint.
        self.reading(|connection| Ok(rows::checkpoint(connection, run).unwrap_or_default()))
    }

    fn recover(&self, runs: &[RunId]) -> Vec<Result<Recovered, Error>> {
        if runs.len() < MANY {
            return recover_each(self, runs);
        }
        // What keeps one row from being read may concern one run: each says so for itself.
        self.read_together(runs).unwrap_or_else(|_| recover_each(self, runs))
    }

    fn run(&self, run: RunId) -> Result<Option<RunRecord>, Error> {
        self.with_index(|snapshot, index| {
            Ok(index.tail(snapshot, self.at(), run)?.map(|tail| tail.record.clone()))
        })
    }

    fn runs(&self) -> Result<Vec<RunRecord>, Error> {
        self.with_index(|snapshot, index| index.runs(snapshot, self.at()))
    }

    fn unfinished(&self) -> Result<Vec<RunRecord>, Error> {
        self.with_old_index(|snapshot, index| index.unfinished(snapshot, self.at()))
    }

    fn ends(&self, runs: &[RunId]) -> Result<Vec<Entry>, Error> {
        self.with_index(|snapshot, index| {
            let place = |run: &RunId| {
                let tail = index.tail(snapshot, self.at(), *run)?;
                let tail = tail.ok_or(Error::Missing { run: *run, seq: 0 })?;
                Ok((*run, tail.last_row, tail.record.last_seq))
            };
            let places: Vec<_> = runs.iter().map(place).collect::<Result<_, Error>>()?;
            rows::ends(snapshot, self.at(), &places)
        })
    }

    fn blob(&self, reference: Reference) -> Result<Arc<[u8]>, Error> {
        let hash = reference.hash;
        let row = self.reading(|connection| {
            connection
                .prepare_cached("SELECT bytes FROM blobs WHERE hash = ?1")
                .and_then(|mut query| {
                    query
                        .query_row([hash.bytes()], |row| row.get::<_, Option<Vec<u8>>>(0))
                        .optional()
                })
                .map_err(|error| self.at().fault(&error))
        })?;
        let found = match row {
            Some(None) => self.values.get(hash)?,
            row => row.flatten(),
        };
        match found {
            Some(bytes) if Digest::of(&bytes) == hash => Ok(bytes.into()),
            Some(_) | None => Err(Error::Blob { hash }),
        }
    }

    fn state(&self, at: &StateKey) -> Result<Option<Arc<[u8]>>, Error> {
        let query = "SELECT value FROM state WHERE scope = ?1 AND key = ?2";
        Ok(self.find(query, params![&*at.scope, &*at.key])?.map(Into::into))
    }

    fn post(&self, run: RunId, key: &str, body: &[u8]) -> Result<bool, Error> {
        self.writer.post(run, key, body)
    }

    fn messages(&self, run: Option<RunId>, after: u64) -> Result<Vec<Message>, Error> {
        self.reading(|connection| {
            rows::messages(connection, run, after).map_err(|error| self.at().fault(&error))
        })
    }

    fn message(&self, run: RunId, key: &str) -> Result<Option<Message>, Error> {
        self.reading(|connection| {
            rows::message(connection, run, key).map_err(|error| self.at().fault(&error))
        })
    }

    fn remove(&self, runs: &[RunId]) -> Result<Removed, Error> {
        let claims: Vec<Claim> =
            runs.iter().filter_map(|run| self.locks.claim(*run).ok()).collect();
        self.writer.remove(claims.iter().map(Claim::run).collect())
    }

    fn last_message(&self) -> Result<u64, Error> {
        self.reading(|connection| {
            connection
                .query_row("SELECT coalesce(max(number), 0) FROM messages", [], |row| {
                    row.get::<_, i64>(0)
                })
                .map(|number| number as u64)
                .map_err(|error| self.at().fault(&error))
        })
    }

    fn bell(&self) -> Option<OwnedFd> {
        // Whatever is committed goes through the log.
        let bell = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok()?;
        bell.add_watch(&wal::beside(&self.path), AddWatchFlags::IN_MODIFY).ok()?;
        Some(bell.into())
    }

    fn changes(&self) -> Result<u64, Error> {
        self.reading(|connection| {
            connection
                .prepare_cached("PRAGMA data_version")
                .and_then(|mut query| query.query_row([], |row| row.get::<_, i64>(0)))
                .map(|version| version as u64)
                .map_err(|error| self.at().fault(&error))
        })
    }
}
