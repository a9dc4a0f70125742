//! The store for several machines: PostgreSQL.
//!
//! One thread writes, one reads, one keeps leases alive; each has its connection, and makes a new
//! one when that is lost. A run belongs to whom its lease says. Every write names the lease's
//! fence in the transaction that it belongs to, so a process that only seemed dead writes nothing
//! once another one has the run.

mod link;

mod schema;

mod rows;

mod writer;

mod leases;

mod remove;

mod place;

mod tls;

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use ::postgres::Client;

use crate::store::check_chain;
use crate::{
    Ack, Batch, Checkpoint, Claim, Digest, Entry, Error, Message, Reach, Reference, Removed, RunId,
    RunRecord, StateKey, Store, Values,
};
use leases::Heart;
use link::{Link, Target};
use writer::Job;

/// How long a process may be silent before its runs are anybody's.
const LEASE: Duration = Duration::from_secs(10);

/// A store in a PostgreSQL database. Dropping it writes what is queued.
pub struct Postgres {
    writer: Link<Job>,
    reader: Link<Question>,
    /// Where large values are, unless they are rows.
    values: Option<Arc<dyn Values>>,
    _heart: Heart,
}

/// Something that the reading thread does with its connection.
type Question = Box<dyn FnOnce(Result<&mut Client, Error>) + Send>;

impl Postgres {
    /// Opens a store, and makes its tables when they are not there. The address is that of
    /// libpq, `postgres://user@host/database` or `host=/folder dbname=…`, with its parameters
    /// `sslmode`, `sslrootcert`, `sslcert` and `sslkey`; a parameter `lease=5s` says how long a
    /// silent process keeps its runs, ten seconds without it.
    ///
    /// Errors: `P2001` newer format, `P2007` unreachable, not to be trusted, or an address that is
    /// none, `P2023` large values at a place elsewhere.
    pub fn open(address: &str) -> Result<Postgres, Error> {
        let target = Target::new(address)?;
        Postgres::open_reaching(address, &|place| Err(target.elsewhere(place)))
    }

    /// The same, and large values may be at a place that `reach` opens.
    pub fn open_reaching(address: &str, reach: Reach<'_>) -> Result<Postgres, Error> {
        let target = Arc::new(Target::new(address)?);
        let lease = target.lease.unwrap_or(LEASE);
        schema::create(&target)?;
        let values = place::open(&target, reach)?;
        let owner: u64 = fastrand::u64(1..1 << 62);
        let heart = Heart::start(target.clone(), owner, lease)?;
        let writer = writer::start(target.clone(), owner, lease, values.clone())?;
        let reader =
            link::start("prism-store-reader", target, "", |connection, jobs: Vec<Question>| {
                for question in jobs {
                    question(connection.client());
                }
            })?;
        Ok(Postgres { writer, reader, values, _heart: heart })
    }

    /// Brings a store that nobody uses from its format to another one, for another Prism; gives the
    /// format that it had. `open` brings an older one to the newest by itself.
    ///
    /// Errors: those of `open`, and `P2021` for a format that this Prism does not know.
    pub fn migrate(address: &str, to: i64) -> Result<i64, Error> {
        let target = Arc::new(Target::new(address)?);
        schema::migrate(&target, to)
    }

    /// Where the large values of a store are; `None`: in the database.
    ///
    /// Errors: those of `open`.
    pub fn place(address: &str) -> Result<Option<String>, Error> {
        let target = Arc::new(Target::new(address)?);
        schema::create(&target)?;
        place::address_of(&target)
    }

    /// Moves the large values of a store in which nobody drives a run to another place, `None` for
    /// the database; gives how many there were. Places are opened by `reach`. What a crash or an
    /// error leaves is at the old place, and perhaps at the new one too.
    ///
    /// Errors: those of `open`, and `P2006` for a value that is missing or damaged.
    pub fn move_values(address: &str, to: Option<&str>, reach: Reach<'_>) -> Result<u64, Error> {
        place::change(&Target::new(address)?, to, reach)
    }

    /// Asks the database, on the thread that reads.
    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Client) -> Result<T, ::postgres::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = mpsc::sync_channel(1);
        let target = self.reader.target.clone();
        self.reader.send(Box::new(move |client| {
            let answer =
                client.and_then(|client| question(client).map_err(|error| target.fault(&error)));
            // The asker waits below.
            let _ = reply.send(answer);
        }));
        answer.recv().expect("the reader answers every question")
    }

    /// Asks the thread that writes, behind all that was queued before.
    fn order<T>(
        &self,
        job: impl FnOnce(mpsc::SyncSender<Result<T, Error>>) -> Job,
    ) -> Result<T, Error> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.writer.send(job(reply));
        answer.recv().expect("the writer answers every job")
    }
}

impl Store for Postgres {
    fn claim(&self, run: RunId) -> Result<Claim, Error> {
        let fence = self.order(|reply| Job::Claim(run, reply))?;
        let queue = self.writer.queue();
        // When the store is gone, the lease ends by itself.
        let release = move || queue.send(Job::Release(run, fence));
        Ok(Claim::fenced(run, fence, Box::new(release)))
    }

    fn is_claimed(&self, run: RunId) -> Result<bool, Error> {
        self.order(|reply| Job::IsClaimed(run, reply))
    }

    fn append(&self, claim: &Claim, batch: Batch, ack: Ack) {
        self.writer.send(Job::Append { run: claim.run(), fence: claim.fence(), batch, ack });
    }

    fn read(&self, run: RunId, from: u64) -> Result<Vec<Entry>, Error> {
        let (mut rows, last_seq) = self.ask(move |client| rows::read(client, run, from))?;
        let Some(last_seq) = last_seq else { return Ok(Vec::new()) };
        let mut prev = Digest::ZERO;
        if from > 0 && !rows.is_empty() {
            prev = rows.remove(0).at(run, from - 1)?.hash;
        }
        let mut entries = Vec::with_capacity(rows.len());
        for (row, seq) in rows.into_iter().zip(from..) {
            let mut entry = row.at(run, seq)?;
            entry.prev = prev;
            prev = entry.hash;
            entries.push(entry);
        }
        check_chain(&entries, from, entries.first().map_or(prev, |first| first.prev))?;
        let next = from + entries.len() as u64;
        if next <= last_seq {
            return Err(Error::Missing { run, seq: next });
        }
        Ok(entries)
    }

    fn first(&self, run: RunId) -> Result<Option<Entry>, Error> {
        match self.ask(move |client| rows::first(client, run))? {
            Some(row) => {
                let entry = row.at(run, 0)?;
                check_chain(std::slice::from_ref(&entry), 0, Digest::ZERO)?;
                Ok(Some(entry))
            }
            // Whether it is missing or the run is unknown, the journal says.
            None => Ok(self.read(run, 0)?.into_iter().next()),
        }
    }

    fn checkpoint(&self, run: RunId) -> Result<Option<Checkpoint>, Error> {
        self.ask(move |client| rows::checkpoint(client, run))
    }

    fn run(&self, run: RunId) -> Result<Option<RunRecord>, Error> {
        let found =
            self.ask(move |client| rows::runs(client, "WHERE run = $1", &[&&run.bytes()[..]]))?;
        Ok(found.into_iter().next())
    }

    fn runs(&self) -> Result<Vec<RunRecord>, Error> {
        self.ask(|client| rows::runs(client, "ORDER BY run", &[]))
    }

    fn unfinished(&self) -> Result<Vec<RunRecord>, Error> {
        self.ask(|client| rows::runs(client, "WHERE status < 4 ORDER BY run", &[]))
    }

    fn blob(&self, reference: Reference) -> Result<Arc<[u8]>, Error> {
        let hash = reference.hash;
        let sql = "SELECT bytes FROM prism_blobs WHERE hash = $1";
        let found = self.ask(move |client| {
            let row = client.query_opt(sql, &[&&hash.bytes()[..]])?;
            row.map(|row| row.try_get::<_, Option<Vec<u8>>>(0)).transpose()
        })?;
        let found = match (found, &self.values) {
            (Some(None), Some(values)) => values.get(hash)?,
            (found, _) => found.flatten(),
        };
        match found {
            Some(bytes) if Digest::of(&bytes) == hash => Ok(bytes.into()),
            Some(_) | None => Err(Error::Blob { hash }),
        }
    }

    fn state(&self, at: &StateKey) -> Result<Option<Arc<[u8]>>, Error> {
        let sql = "SELECT value FROM prism_state WHERE scope = $1 AND key = $2";
        let at = at.clone();
        let found = self.ask(move |client| {
            let row = client.query_opt(sql, &[&at.scope.as_bytes(), &at.key.as_bytes()])?;
            row.map(|row| row.try_get::<_, Vec<u8>>(0)).transpose()
        })?;
        Ok(found.map(Into::into))
    }

    fn post(&self, run: RunId, key: &str, body: &[u8]) -> Result<bool, Error> {
        let (key, body) = (key.to_owned(), body.to_vec());
        self.order(|reply| Job::Post { run, key, body, reply })
    }

    fn messages(&self, run: Option<RunId>, after: u64) -> Result<Vec<Message>, Error> {
        self.ask(move |client| rows::messages(client, run, after))
    }

    fn message(&self, run: RunId, key: &str) -> Result<Option<Message>, Error> {
        let key = key.to_owned();
        self.ask(move |client| rows::message(client, run, &key))
    }

    fn remove(&self, runs: &[RunId]) -> Result<Removed, Error> {
        self.order(|reply| Job::Remove(runs.to_vec(), reply))
    }

    fn last_message(&self) -> Result<u64, Error> {
        let sql = "SELECT coalesce(max(number), 0) FROM prism_messages";
        self.ask(move |client| client.query_one(sql, &[])?.try_get::<_, i64>(0))
            .map(|last| last as u64)
    }

    /// A question travels, and the database has others to answer.
    fn rest(&self) -> Duration {
        Duration::from_millis(20)
    }

    /// A snapshot of the database: which transactions are over. It changes exactly when something
    /// becomes visible, which a counter does not.
    fn changes(&self) -> Result<u64, Error> {
        let sql = "SELECT pg_current_snapshot()::text";
        let snapshot =
            self.ask(move |client| client.query_one(sql, &[])?.try_get::<_, String>(0))?;
        let hash = Digest::of(snapshot.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hash.bytes()[..8]);
        Ok(u64::from_le_bytes(first))
    }
}
