//! The one thread that writes: commits together whatever arrived during the last sync.

use std::mem;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior, params};
use rustc_hash::FxHashMap;

use super::fault::At;
use super::index::Index;
use super::rows::{self, Placed};
use super::{remove, wal};
use crate::values::{LARGE, Values};
use crate::{Ack, Batch, Error, Removed, RunId};

/// The queue to the writing thread. Dropping it waits until the queue is empty.
pub(super) struct Writer {
    queue: Arc<Queue>,
    worker: Arc<Mutex<Worker>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    is_closed: bool,
}

enum Job {
    Append(Batch, Ack),
    Post(Post, mpsc::SyncSender<Result<bool, Error>>),
    Remove(Vec<RunId>, mpsc::SyncSender<Result<Removed, Error>>),
}

struct Post {
    run: RunId,
    key: Arc<str>,
    body: Arc<[u8]>,
}

impl Writer {
    pub(super) fn spawn(
        connection: Connection,
        path: Arc<Path>,
        index: Arc<Mutex<Index>>,
        values: Arc<dyn Values>,
    ) -> Result<Writer, Error> {
        let queue = Arc::new(Queue::default());
        connection.set_prepared_statement_cache_capacity(32);
        let at = path.clone();
        let worker = Arc::new(Mutex::new(Worker { connection, path, index, values, broken: None }));
        let (jobs, shared) = (queue.clone(), worker.clone());
        let thread = thread::Builder::new()
            .name("prism-journal".to_owned())
            .spawn(move || work(&jobs, &shared))
            .map_err(|error| At(&at).unreachable(&error))?;
        Ok(Writer { queue, worker, thread: Some(thread) })
    }

    pub(super) fn append(&self, batch: Batch, ack: Ack) {
        self.queue.push(Job::Append(batch, ack));
    }

    /// Writes a batch on the caller's thread, which saves handing it over and back, unless others
    /// are written or wait.
    pub(super) fn append_here(&self, batch: Batch, ack: Ack) {
        // Jobs leave the queue only under this lock: with it, an empty queue means that everything
        // that was queued before is written.
        match self.worker.try_lock() {
            Ok(mut worker) if self.queue.lock().jobs.is_empty() => {
                worker.carry_out(vec![Job::Append(batch, ack)]);
            }
            Ok(_) | Err(_) => self.append(batch, ack),
        }
    }

    pub(super) fn post(&self, run: RunId, key: &str, body: &[u8]) -> Result<bool, Error> {
        let (reply, outcome) = mpsc::sync_channel(1);
        self.queue.push(Job::Post(Post { run, key: key.into(), body: body.into() }, reply));
        outcome.recv().expect("the writer answers every job before it ends")
    }

    pub(super) fn remove(&self, runs: Vec<RunId>) -> Result<Removed, Error> {
        let (reply, outcome) = mpsc::sync_channel(1);
        self.queue.push(Job::Remove(runs, reply));
        outcome.recv().expect("the writer answers every job before it ends")
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the writer has been printed; there is nobody to hand it to.
            let _ = thread.join();
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever waits does so because the queue is empty.
    fn push(&self, job: Job) {
        let mut waiting = self.lock();
        waiting.jobs.push(job);
        let is_first = waiting.jobs.len() == 1;
        drop(waiting);
        if is_first {
            self.wake.notify_one();
        }
    }

    /// Returns when something waits; `false` when the queue is closed and empty.
    fn wait(&self) -> bool {
        let mut waiting = self.lock();
        while waiting.jobs.is_empty() {
            if waiting.is_closed {
                return false;
            }
            waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    /// Everything that waits.
    fn take(&self) -> Vec<Job> {
        mem::take(&mut self.lock().jobs)
    }
}

struct Worker {
    connection: Connection,
    path: Arc<Path>,
    index: Arc<Mutex<Index>>,
    values: Arc<dyn Values>,
    /// Why nothing is written any more. After a failed sync nobody knows what the disk holds,
    /// so the first failure is the last write.
    broken: Option<Error>,
}

/// A log up to this many bytes stays when the store is closed: folding it into the file takes
/// three syncs, and reading it again takes none.
const SMALL_LOG: u64 = 256 * 1024;

/// What one commit did to each of its jobs, and the rows it added.
struct Committed {
    outcomes: Vec<Result<bool, Error>>,
    placed: Vec<Placed>,
}

/// Carries out what waits, until the queue is closed.
fn work(queue: &Queue, worker: &Mutex<Worker>) {
    let worker = || worker.lock().unwrap_or_else(PoisonError::into_inner);
    while queue.wait() {
        let mut worker = worker();
        let jobs = queue.take();
        worker.carry_out(jobs);
    }
    let mut worker = worker();
    worker.bring_forward();
    worker.keep_small_log();
}

impl Worker {
    /// All of these in one transaction.
    fn carry_out(&mut self, mut jobs: Vec<Job>) {
        let removals = jobs.extract_if(.., |job| matches!(job, Job::Remove(..)));
        self.remove(removals.collect());
        if jobs.is_empty() {
            return;
        }
        let outcome = match &self.broken {
            Some(cause) => Err(Error::Stopped { cause: Box::new(cause.clone()) }),
            None => self.commit(&mut jobs),
        };
        match outcome {
            Ok(committed) => {
                // Before the acknowledgement: its hearer may ask the index at once.
                let counted = self.count(&committed.placed);
                answer(jobs, committed.outcomes);
                if let Err(error) = counted.and_then(|()| self.flush(&committed.placed)) {
                    self.broken = Some(error);
                }
            }
            Err(error) => {
                if !matches!(error, Error::Locked { .. } | Error::Stopped { .. }) {
                    self.broken = Some(error.clone());
                }
                let outcomes = jobs.iter().map(|_| Err(error.clone())).collect();
                answer(jobs, outcomes);
            }
        }
    }

    /// Whoever closes a store last folds the log into the file, unless that can wait.
    fn keep_small_log(&self) {
        let log = wal::beside(&self.path);
        if std::fs::metadata(log).is_ok_and(|log| log.len() <= SMALL_LOG) {
            // Without the setting the log is folded in, which is never wrong.
            let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            wal::note_end(&self.path);
        }
    }

    /// One transaction, one sync. An error means that nothing of it is there.
    fn commit(&mut self, jobs: &mut [Job]) -> Result<Committed, Error> {
        let at = At(&self.path);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| at.fault(&error))?;
        let mut pending = Pending::begin(&transaction, at, &self.index)?;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            outcomes.push(match job {
                Job::Append(batch, _) => match keep_large(&*self.values, batch) {
                    Ok(()) => match pending.place(&transaction, at, batch) {
                        Ok(()) => Ok(true),
                        Err(error @ Error::OutOfOrder { .. }) => Err(error),
                        Err(error) => return Err(error),
                    },
                    // The place of large values may be far away; the store itself is sound.
                    Err(error) => Err(error),
                },
                Job::Post(post, _) => {
                    Ok(insert_post(&transaction, post).map_err(|error| at.fault(&error))?)
                }
                // Those were taken out before.
                Job::Remove(..) => Ok(false),
            });
        }
        rows::insert(&transaction, &pending.placed)
            .and_then(|()| transaction.commit())
            .map_err(|error| at.fault(&error))?;
        Ok(Committed { outcomes, placed: pending.placed })
    }

    fn remove(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            let Job::Remove(runs, reply) = job else { continue };
            let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
            let removed = match &self.broken {
                Some(cause) => Err(Error::Stopped { cause: Box::new(cause.clone()) }),
                None => remove::remove(
                    &mut self.connection,
                    &self.path,
                    &mut index,
                    &*self.values,
                    &runs,
                ),
            };
            // The asker waits.
            let _ = reply.send(removed);
        }
    }

    fn count(&self, placed: &[Placed]) -> Result<(), Error> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        index.committed(&self.connection, At(&self.path), placed)
    }

    fn flush(&mut self, placed: &[Placed]) -> Result<(), Error> {
        let Some(last) = placed.last() else { return Ok(()) };
        let index = self.index.clone();
        let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
        match index.wants_flush(last.row) {
            true => self.flush_now(&mut index),
            false => Ok(()),
        }
    }

    /// Spares whoever opens the store next from reading what this process knows.
    fn bring_forward(&mut self) {
        let index = self.index.clone();
        let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
        if self.broken.is_none() && index.is_behind() {
            // The table is derived: without this the next one reads more.
            let _ = self.flush_now(&mut index);
        }
    }

    fn flush_now(&mut self, index: &mut Index) -> Result<(), Error> {
        let at = At(&self.path);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| at.fault(&error))?;
        index.flush(&transaction, at)?;
        transaction.commit().map_err(|error| at.fault(&error))?;
        index.forget_ended();
        Ok(())
    }
}

fn answer(jobs: Vec<Job>, outcomes: Vec<Result<bool, Error>>) {
    for (job, outcome) in jobs.into_iter().zip(outcomes) {
        match job {
            Job::Append(_, ack) => ack(outcome.map(|_| ())),
            // The asker may be gone; the message is there all the same.
            Job::Post(_, reply) => drop(reply.send(outcome)),
            Job::Remove(..) => {}
        }
    }
}

/// Rows of the open transaction, before they are written.
struct Pending<'a> {
    index: &'a Mutex<Index>,
    next_row: i64,
    /// Last row and sequence number of each run in this transaction.
    ends: FxHashMap<RunId, (i64, u64)>,
    placed: Vec<Placed>,
}

impl<'a> Pending<'a> {
    fn begin(
        connection: &Connection,
        at: At<'_>,
        index: &'a Mutex<Index>,
    ) -> Result<Pending<'a>, Error> {
        // Rows that were removed had numbers too, which the table remembers.
        let last_row: i64 = connection
            .prepare_cached(
                "SELECT max(coalesce((SELECT max(row) FROM entries), 0),
                    (SELECT to_row FROM indexed))",
            )
            .and_then(|mut query| query.query_row([], |row| row.get(0)))
            .map_err(|error| at.fault(&error))?;
        index.lock().unwrap_or_else(PoisonError::into_inner).start(connection, at)?;
        let next_row = last_row + 1;
        Ok(Pending { index, next_row, ends: FxHashMap::default(), placed: Vec::new() })
    }

    /// Takes the entries of a batch, gives them their rows, and writes what goes with them.
    fn place(
        &mut self,
        connection: &Connection,
        at: At<'_>,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let run = batch.entries.first().map(|first| first.run);
        if let Some(first) = batch.entries.first() {
            let end = self.end(connection, at, first.run, first.seq)?;
            if end.map_or(0, |(_, seq)| seq + 1) != first.seq {
                return Err(Error::OutOfOrder { run: first.run, seq: first.seq });
            }
            let mut back = end.map_or(0, |(row, _)| row);
            for entry in batch.entries.drain(..) {
                self.ends.insert(entry.run, (self.next_row, entry.seq));
                self.placed.push(Placed { row: self.next_row, back, entry });
                back = self.next_row;
                self.next_row += 1;
            }
        }
        insert_extras(connection, run, batch).map_err(|error| at.fault(&error))
    }

    /// Where a run ends, this transaction included. A run that starts has no end.
    fn end(
        &self,
        connection: &Connection,
        at: At<'_>,
        run: RunId,
        seq: u64,
    ) -> Result<Option<(i64, u64)>, Error> {
        if let Some(end) = self.ends.get(&run) {
            return Ok(Some(*end));
        }
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if seq > 0 && index.known_tail(run).is_none() {
            index.refresh(connection, at)?;
            index.tail(connection, at, run)?;
        }
        Ok(index.known_tail(run).map(|tail| (tail.last_row, tail.record.last_seq)))
    }
}

/// Large blobs are at their place before their rows. Nobody removes them meanwhile: the
/// transaction is open.
fn keep_large(values: &dyn Values, batch: &Batch) -> Result<(), Error> {
    let mut large = batch.blobs.iter().filter(|(_, bytes)| bytes.len() >= LARGE);
    large.try_for_each(|(reference, bytes)| values.put(reference.hash, bytes))
}

/// Blobs, state and checkpoint.
fn insert_extras(
    connection: &Connection,
    run: Option<RunId>,
    batch: &Batch,
) -> rusqlite::Result<()> {
    for (reference, bytes) in &batch.blobs {
        let bytes = (bytes.len() < LARGE).then_some(&bytes[..]);
        connection
            .prepare_cached("INSERT OR IGNORE INTO blobs (hash, bytes) VALUES (?1, ?2)")?
            .execute(params![reference.hash.bytes(), bytes])?;
        if let Some(run) = run {
            connection
                .prepare_cached("INSERT OR IGNORE INTO uses (run, hash) VALUES (?1, ?2)")?
                .execute(params![run.bytes(), reference.hash.bytes()])?;
        }
    }
    for write in &batch.state {
        connection.prepare_cached("REPLACE INTO state VALUES (?1, ?2, ?3)")?.execute(params![
            &*write.at.scope,
            &*write.at.key,
            &write.value[..]
        ])?;
    }
    if let Some(run) = run {
        rows::next_checkpoint(connection, run, &batch.checkpoint)?;
    }
    Ok(())
}

/// `false` when the key had a message already.
fn insert_post(connection: &Connection, post: &Post) -> rusqlite::Result<bool> {
    let time = crate::log::now_micros();
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO messages (run, key, time, body) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![post.run.bytes(), &*post.key, time, &post.body[..]])
        .map(|n_rows| n_rows == 1)
}
