//! Leases: who has a run, and until when.
//!
//! The database's clock decides, so the clocks of the machines do not matter. A lease that has
//! ended and that nobody took is still its owner's; one that was taken has another fence, for
//! ever.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use postgres::{Client, Error as PgError, Transaction};

use super::link::{Connection, Target};
use super::rows::run_of;
use crate::{Error, RunId};

/// Takes the lease of a run, if nobody has it; gives its fence.
pub(super) fn take(
    client: &mut Client,
    run: RunId,
    owner: u64,
    lease: Duration,
) -> Result<Option<u64>, PgError> {
    let (run, owner, lease) = (&run.bytes()[..], owner as i64, millis(lease));
    // A lease that somebody is writing under is not free, and is not waited for.
    let ended = "UPDATE prism_leases SET owner = $2, fence = nextval('prism_fences'),
            until = now() + $3 * interval '1 millisecond'
        WHERE run = (SELECT run FROM prism_leases WHERE run = $1 AND until <= now()
            FOR UPDATE SKIP LOCKED)
        RETURNING fence";
    let new = "INSERT INTO prism_leases
            VALUES ($1, $2, nextval('prism_fences'), now() + $3 * interval '1 millisecond')
        ON CONFLICT (run) DO NOTHING
        RETURNING fence";
    for sql in [ended, new] {
        if let Some(row) = client.query_opt(sql, &[&run, &owner, &lease])? {
            return Ok(Some(row.try_get::<_, i64>(0)? as u64));
        }
    }
    Ok(None)
}

pub(super) fn release(client: &mut Client, run: RunId, fence: u64) -> Result<(), PgError> {
    let sql = "DELETE FROM prism_leases WHERE run = $1 AND fence = $2";
    client.execute(sql, &[&&run.bytes()[..], &(fence as i64)]).map(|_| ())
}

pub(super) fn is_taken(client: &mut Client, run: RunId) -> Result<bool, PgError> {
    let sql = "SELECT EXISTS (SELECT FROM prism_leases WHERE run = $1 AND until > now())";
    client.query_one(sql, &[&&run.bytes()[..]])?.try_get(0)
}

/// Of these claims, the runs that are still theirs, and stay theirs until the transaction ends.
pub(super) fn hold(
    transaction: &mut Transaction<'_>,
    claims: &[(RunId, u64)],
    lease: Duration,
) -> Result<Vec<(RunId, u64)>, PgError> {
    let sql = "UPDATE prism_leases AS held
        SET until = greatest(held.until, now() + $3 * interval '1 millisecond')
        FROM unnest($1::bytea[], $2::bigint[]) AS claimed(run, fence)
        WHERE held.run = claimed.run AND held.fence = claimed.fence
        RETURNING held.run, held.fence";
    let runs: Vec<&[u8]> = claims.iter().map(|(run, _)| &run.bytes()[..]).collect();
    let fences: Vec<i64> = claims.iter().map(|(_, fence)| *fence as i64).collect();
    let rows = transaction.query(sql, &[&runs, &fences, &millis(lease)])?;
    rows.iter().map(|row| Ok((run_of(row.try_get(0)?), row.try_get::<_, i64>(1)? as u64))).collect()
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// Keeps the leases of one owner alive until it is dropped.
pub(super) struct Heart {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heart {
    pub(super) fn start(target: Arc<Target>, owner: u64, lease: Duration) -> Result<Heart, Error> {
        let (stop, stopped) = mpsc::sync_channel(1);
        let mut connection = Connection::new(target.clone(), "");
        let beat = move || {
            let sql = "UPDATE prism_leases SET until = now() + $2 * interval '1 millisecond'
                       WHERE owner = $1";
            while stopped.recv_timeout(lease / 3) == Err(RecvTimeoutError::Timeout) {
                // A beat that is missed is made good by the next one; if too many are, others
                // take the runs, which is what leases are for.
                if let Ok(client) = connection.client()
                    && client.execute(sql, &[&(owner as i64), &millis(lease)]).is_err()
                {
                    connection.forget();
                }
            }
        };
        let thread = thread::Builder::new()
            .name("prism-store-heart".to_owned())
            .spawn(beat)
            .map_err(|error| target.no_thread(&error))?;
        Ok(Heart { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nobody to hand it to.
            let _ = thread.join();
        }
    }
}
