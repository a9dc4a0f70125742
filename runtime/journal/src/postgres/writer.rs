//! The thread that writes: commits together whatever arrived during the last commit.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use postgres::{Client, Error as PgError, Transaction};

use super::leases;
use super::link::{self, Connection, Link, Target};
use super::{place, remove, rows};
use crate::values::{LARGE, Values};
use crate::{Ack, Batch, Entry, Error, Removed, RunId, RunRecord};

/// What the thread does, in this order.
pub(super) enum Job {
    Claim(RunId, SyncSender<Result<u64, Error>>),
    Release(RunId, u64),
    IsClaimed(RunId, SyncSender<Result<bool, Error>>),
    Append {
        run: RunId,
        fence: u64,
        batch: Batch,
        ack: Ack,
    },
    Post {
        run: RunId,
        key: String,
        body: Vec<u8>,
        reply: SyncSender<Result<bool, Error>>,
    },
    /// Behind the releases: a claim that was dropped protects its run no longer.
    Remove(Vec<RunId>, SyncSender<Result<Removed, Error>>),
}

/// Less than this, and a busy machine is taken for a stopped one.
const SHORTEST_LIMIT: Duration = Duration::from_secs(2);

/// One batch on its way.
struct Append {
    run: RunId,
    fence: u64,
    batch: Batch,
    ack: Ack,
}

pub(super) fn start(
    target: Arc<Target>,
    owner: u64,
    lease: Duration,
    values: Option<Arc<dyn Values>>,
) -> Result<Link<Job>, Error> {
    let mut writer = Writer { owner, lease, values, ends: HashMap::new() };
    // A process that is stopped inside a transaction would keep others from its runs: then the
    // server ends the transaction.
    let limit = lease.max(SHORTEST_LIMIT).as_millis();
    let settings = format!("SET idle_in_transaction_session_timeout = {limit}");
    link::start("prism-store-writer", target, &settings, move |connection, jobs| {
        let mut appends = Vec::new();
        for job in jobs {
            match job {
                Job::Append { run, fence, batch, ack } => {
                    appends.push(Append { run, fence, batch, ack });
                }
                other => {
                    writer.append(connection, mem::take(&mut appends));
                    writer.carry_out(connection, other);
                }
            }
        }
        writer.append(connection, appends);
    })
}

struct Writer {
    owner: u64,
    lease: Duration,
    /// Where large values are, unless they are rows.
    values: Option<Arc<dyn Values>>,
    /// Where the runs that were written to end, by claim: nobody else writes to them meanwhile.
    ends: HashMap<(RunId, u64), RunRecord>,
}

impl Writer {
    fn carry_out(&mut self, connection: &mut Connection, job: Job) {
        // Whoever asked may be gone, and then nobody wants to know.
        match job {
            Job::Claim(run, reply) => {
                let (owner, lease) = (self.owner, self.lease);
                let fence = retried(connection, |client| leases::take(client, run, owner, lease));
                let _ = reply.send(fence.and_then(|fence| fence.ok_or(Error::Claimed { run })));
            }
            Job::Release(run, fence) => {
                self.ends.remove(&(run, fence));
                // A lease that cannot be given back ends by itself.
                let _ = retried(connection, |client| leases::release(client, run, fence));
            }
            Job::IsClaimed(run, reply) => {
                let _ = reply.send(retried(connection, |client| leases::is_taken(client, run)));
            }
            Job::Remove(runs, reply) => {
                let _ = reply.send(self.remove(connection, &runs));
            }
            Job::Post { run, key, body, reply } => {
                let posted = retried(connection, |client| post(client, run, &key, &body));
                let _ = reply.send(posted);
            }
            Job::Append { run, fence, batch, ack } => {
                self.append(connection, vec![Append { run, fence, batch, ack }]);
            }
        }
    }

    fn remove(&self, connection: &mut Connection, runs: &[RunId]) -> Result<Removed, Error> {
        let removed = retried(connection, |client| remove::remove(client, runs))?;
        if let Some(values) = &self.values {
            place::sweep(&connection.target, &**values)?;
        }
        Ok(removed)
    }

    /// One transaction for all batches; each hears its own fate.
    fn append(&mut self, connection: &mut Connection, appends: Vec<Append>) {
        if appends.is_empty() {
            return;
        }
        let target = connection.target.clone();
        let written = connection
            .client()
            .and_then(|client| self.write(client, &appends).map_err(|error| target.fault(&error)));
        match written {
            Ok((fates, ends)) => {
                self.ends.extend(ends);
                for (append, fate) in appends.into_iter().zip(fates) {
                    (append.ack)(fate);
                }
            }
            Err(error) => {
                // It may have been written all the same; whoever goes on with a run reads it.
                connection.forget();
                for append in appends {
                    self.ends.remove(&(append.run, append.fence));
                    (append.ack)(Err(error.clone()));
                }
            }
        }
    }

    /// The fate of each batch, and where its run ends now.
    fn write(&self, client: &mut Client, appends: &[Append]) -> Result<Written, PgError> {
        let mut transaction = client.transaction()?;
        let claims: HashSet<(RunId, u64)> =
            appends.iter().map(|append| (append.run, append.fence)).collect();
        let claims: Vec<(RunId, u64)> = claims.into_iter().collect();
        let held: HashSet<(RunId, u64)> =
            leases::hold(&mut transaction, &claims, self.lease)?.into_iter().collect();
        let mut ends: HashMap<(RunId, u64), RunRecord> = HashMap::new();
        let (mut entries, mut extras, mut fates) = (Vec::new(), Vec::new(), Vec::new());
        if appends.iter().any(|append| !append.batch.blobs.is_empty()) {
            remove::keep_out(&mut transaction)?;
        }
        for append in appends {
            let claim = (append.run, append.fence);
            if !held.contains(&claim) {
                fates.push(Err(Error::Claimed { run: append.run }));
                continue;
            }
            // The place of large values may be far away; the store itself is sound.
            if let Err(error) = self.keep_large(&append.batch) {
                fates.push(Err(error));
                continue;
            }
            let end = match ends.remove(&claim).or_else(|| self.ends.get(&claim).cloned()) {
                Some(end) => Some(end),
                None => end_of(&mut transaction, append.run)?,
            };
            let (end, fate) = follow(end, &append.batch.entries);
            ends.extend(end.map(|end| (claim, end)));
            if fate.is_ok() {
                entries.extend(&append.batch.entries);
                extras.push(&append.batch);
            }
            fates.push(fate);
        }
        rows::insert(&mut transaction, &entries)?;
        rows::upsert(&mut transaction, &ends.values().collect::<Vec<_>>())?;
        self.insert_extras(&mut transaction, &extras)?;
        transaction.commit()?;
        Ok((fates, ends))
    }

    fn is_apart(&self, bytes: &[u8]) -> bool {
        self.values.is_some() && bytes.len() >= LARGE
    }

    /// Large blobs are at their place before their rows. Nobody removes them meanwhile.
    fn keep_large(&self, batch: &Batch) -> Result<(), Error> {
        let Some(values) = &self.values else { return Ok(()) };
        let mut large = batch.blobs.iter().filter(|(_, bytes)| self.is_apart(bytes));
        large.try_for_each(|(reference, bytes)| values.put(reference.hash, bytes))
    }

    /// Blobs, state and checkpoints.
    fn insert_extras(
        &self,
        transaction: &mut Transaction<'_>,
        batches: &[&Batch],
    ) -> Result<(), PgError> {
        for batch in batches {
            for (reference, bytes) in &batch.blobs {
                let sql = "INSERT INTO prism_blobs VALUES ($1, $2) ON CONFLICT DO NOTHING";
                let hash = &reference.hash.bytes()[..];
                let row = (!self.is_apart(bytes)).then_some(&bytes[..]);
                transaction.execute(sql, &[&hash, &row])?;
                if let Some(first) = batch.entries.first() {
                    let sql = "INSERT INTO prism_uses VALUES ($1, $2) ON CONFLICT DO NOTHING";
                    transaction.execute(sql, &[&&first.run.bytes()[..], &hash])?;
                }
            }
            for write in &batch.state {
                let sql = "INSERT INTO prism_state VALUES ($1, $2, $3)
                           ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value";
                let (scope, key) = (write.at.scope.as_bytes(), write.at.key.as_bytes());
                transaction.execute(sql, &[&scope, &key, &&write.value[..]])?;
            }
            if let Some(first) = batch.entries.first() {
                rows::next_checkpoint(transaction, first.run, &batch.checkpoint)?;
            }
        }
        Ok(())
    }
}

type Written = (Vec<Result<(), Error>>, HashMap<(RunId, u64), RunRecord>);

/// Runs a statement that may be repeated, once more when the connection was lost.
fn retried<T>(
    connection: &mut Connection,
    mut statement: impl FnMut(&mut Client) -> Result<T, PgError>,
) -> Result<T, Error> {
    let target = connection.target.clone();
    for _ in 0..2 {
        match statement(connection.client()?) {
            Err(error) if error.is_closed() || error.as_db_error().is_none() => connection.forget(),
            outcome => return outcome.map_err(|error| target.fault(&error)),
        }
    }
    statement(connection.client()?).map_err(|error| target.fault(&error))
}

/// Takes entries into account, or refuses them when they do not follow.
fn follow(end: Option<RunRecord>, entries: &[Entry]) -> (Option<RunRecord>, Result<(), Error>) {
    let Some(first) = entries.first() else { return (end, Ok(())) };
    if end.as_ref().map_or(0, |end| end.last_seq + 1) != first.seq {
        return (end, Err(Error::OutOfOrder { run: first.run, seq: first.seq }));
    }
    let mut end = end;
    for entry in entries {
        match &mut end {
            Some(end) => end.add(Some(entry.kind), entry.time, entry.seq, entry.hash),
            None => {
                let name = entry.name.clone();
                end = Some(RunRecord::first(entry.run, name, entry.time, entry.seq, entry.hash));
            }
        }
    }
    (end, Ok(()))
}

fn end_of(transaction: &mut Transaction<'_>, run: RunId) -> Result<Option<RunRecord>, PgError> {
    let sql = "SELECT run, name, status, open_questions, started, updated, last_seq, last_hash
               FROM prism_runs WHERE run = $1";
    transaction.query_opt(sql, &[&&run.bytes()[..]])?.as_ref().map(rows::record).transpose()
}

/// `false` when the key had a message already. Messages become visible in the order of their
/// numbers: their writers take turns.
fn post(client: &mut Client, run: RunId, key: &str, body: &[u8]) -> Result<bool, PgError> {
    let mut transaction = client.transaction()?;
    transaction.batch_execute("LOCK TABLE prism_messages IN EXCLUSIVE MODE")?;
    let sql = "INSERT INTO prism_messages
        VALUES (nextval('prism_numbers'), $1, $2, $3, $4) ON CONFLICT (run, key) DO NOTHING";
    let time = crate::log::now_micros();
    let n_rows = transaction.execute(sql, &[&&run.bytes()[..], &key, &time, &body])?;
    transaction.commit()?;
    Ok(n_rows == 1)
}
